"""The database: what may be written into it, and every version of it that we speak to."""

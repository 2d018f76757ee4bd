"""The sandbox keeps what it promises: it is the oracle of every other test."""

"""Everything outside: the operators' APIs, the database, and the one module that speaks HTTP. No Dagster."""

"""What a good analyst would write by hand in DuckDB: a night's tables are held against it."""

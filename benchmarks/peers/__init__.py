"""What a good analyst would write by hand in DuckDB, to hold a night's values, stability and tiers against."""

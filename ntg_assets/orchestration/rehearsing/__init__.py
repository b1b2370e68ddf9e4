"""The real assets run in memory, without Dagster, on tables that are given."""

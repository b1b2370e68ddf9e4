"""Whether the numbers of an experiment can be trusted at all: one check a function."""

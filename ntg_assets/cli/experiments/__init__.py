"""Experiments: planned, decided by themselves, derived again, walked back to their files."""

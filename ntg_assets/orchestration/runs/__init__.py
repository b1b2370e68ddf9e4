"""Runs in the history that Dagster keeps: which one is due, goes on, was killed, failed and why;
what their logs say, and that nobody who was forgotten is named there.
"""

"""Answers from what is published: why a list is as it is, and any question in SQL."""

"""Leaks: the verdict on this code, and what each guard catches."""

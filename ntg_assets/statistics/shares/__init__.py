"""Shares of units: their tests and intervals."""

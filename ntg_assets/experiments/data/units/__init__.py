"""Experiments as analysts have them: a row per unit, or aggregates, with their design."""

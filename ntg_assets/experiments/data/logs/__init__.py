"""Logs of experiments: exposures, outcomes, contacts, and what was left out of them."""

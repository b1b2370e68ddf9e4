"""Whom to contact first, and whom never: strategies, policy, lists, trials."""

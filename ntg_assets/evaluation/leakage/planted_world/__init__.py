"""A small planted world in which every leak shows."""

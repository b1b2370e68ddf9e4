"""Forget people: a publication without them, and nothing kept that holds them."""

"""Probability models of repeat visits: BG/NBD, Pareto/NBD, and one door to both."""

"""Off-policy sanity: what each strategy's lists would have earned,
from a log of exposures with their probabilities.
"""

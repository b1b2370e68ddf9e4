"""Whether probabilities are right on average: curves on the log odds, and which one helps."""

"""TRAIN, VAL and TEST: made once, chronological, reused everywhere."""

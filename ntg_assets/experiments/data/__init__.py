"""From logs and lists to the exact sums on which everything rests."""

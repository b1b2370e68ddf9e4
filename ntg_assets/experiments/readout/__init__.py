"""What each arm changed, with interval, p and money."""

"""Questions about who got and saw which arm, and how many."""

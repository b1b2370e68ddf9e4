"""Win-back: who left, how probably they come back by themselves, and what they would bring."""

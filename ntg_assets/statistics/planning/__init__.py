"""How many units a test needs, and what it can find."""

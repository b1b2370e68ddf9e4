"""More than one test, or more than one look at it."""

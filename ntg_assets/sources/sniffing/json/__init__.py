"""What records of JSON seem to be: where they lie, and their lists and fields."""

"""Which items belong together, along which axes, and where each user stands on them."""

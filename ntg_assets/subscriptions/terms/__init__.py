"""Terms of contracts: read, judged, and what of them was known at a cutoff."""

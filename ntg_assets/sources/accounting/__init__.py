"""Every record of every file has one fate, and the sums are held."""

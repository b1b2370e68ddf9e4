"""Which experiments are missing from the results, and why."""

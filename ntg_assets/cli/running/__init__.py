"""Making tables: a run, what it would make, what a person sees while it goes on and at its end."""

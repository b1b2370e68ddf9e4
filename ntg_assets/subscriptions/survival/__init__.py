"""How long contracts last: beyond the horizon, by cohort, and for each one that runs."""

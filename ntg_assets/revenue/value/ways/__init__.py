"""The ways to foresee what users bring, and what is known of users at a cutoff to do so."""

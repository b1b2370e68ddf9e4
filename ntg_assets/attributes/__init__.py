"""Facts about users and items in time: what was known of whom at a cutoff."""

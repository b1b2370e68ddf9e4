"""Which column means what: users, items, times, values, by names and by what they hold."""

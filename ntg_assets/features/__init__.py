"""Point-in-time features of users, items and their meetings, in SQL that takes a cutoff."""

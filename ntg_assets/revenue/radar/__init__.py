"""What the leaving of each user would cost, and how sure that is."""

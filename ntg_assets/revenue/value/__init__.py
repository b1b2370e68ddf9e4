"""What users are worth, now and over the horizon."""

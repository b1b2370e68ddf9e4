"""The published figures: what each shows, how it is drawn, what it says."""

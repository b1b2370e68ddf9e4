"""What can be said of experiments: arms, metrics, sources, and the programme."""

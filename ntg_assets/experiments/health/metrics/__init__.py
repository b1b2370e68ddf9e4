"""Questions about each metric that is read out."""

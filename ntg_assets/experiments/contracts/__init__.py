"""What every table of the experiments promises."""

"""What was made before and would be made again just so: recognised, and left as it is."""

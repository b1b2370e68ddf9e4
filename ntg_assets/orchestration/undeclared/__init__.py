"""What an asset could reach past the doors that it declares, and what is refused of it."""

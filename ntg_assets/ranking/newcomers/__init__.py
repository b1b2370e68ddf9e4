"""What is shown to users without history."""

"""What leaving would cost and whom to contact first."""

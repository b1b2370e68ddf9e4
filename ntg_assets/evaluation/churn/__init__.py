"""What churn, value and radar said of the past, beside what then came."""

"""Who is there tonight, beside those whom churn was learned from."""

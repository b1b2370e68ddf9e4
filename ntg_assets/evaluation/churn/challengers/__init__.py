"""Other models of churn and value, beside the shipped ones at the same origins."""

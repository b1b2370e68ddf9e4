"""How good tonight's churn scores are: estimated tonight, held against the truth when it comes."""

"""What churn is learned with: inputs, logistic regression, the models that may be shipped."""

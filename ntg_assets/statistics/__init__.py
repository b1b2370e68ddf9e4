"""What any stage may ask of numbers: moments, tests, bootstrap, logistic regression, metrics."""

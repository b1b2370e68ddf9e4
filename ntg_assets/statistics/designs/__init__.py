"""Arms that are more than units side by side: clusters, covariates, strata."""

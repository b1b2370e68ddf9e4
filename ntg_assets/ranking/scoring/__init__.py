"""Sources, candidates and the one scoring function of batch and single calls."""

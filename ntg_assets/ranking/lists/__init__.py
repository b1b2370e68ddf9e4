"""From scores to lists: rules, reranking, cold start, reasons, one user's list."""

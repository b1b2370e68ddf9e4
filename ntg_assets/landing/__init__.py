"""Where logs lie when they do not lie here: objects and queries, brought as files that stay."""

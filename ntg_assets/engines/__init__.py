"""What runs queries and keeps tables: this process alone, or a cluster beside it."""

"""The working store, the published store, and the one way to open either."""

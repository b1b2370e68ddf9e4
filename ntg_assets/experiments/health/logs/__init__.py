"""Questions about the logs of an experiment."""

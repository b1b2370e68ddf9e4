"""The log as dense codes: what every matrix computation starts from."""

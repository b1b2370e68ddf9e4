"""Lists of users that the configuration names: as read, beside the log, and what they withhold."""

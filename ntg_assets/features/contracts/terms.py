"""What several contracts of features say in the same words."""

BEFORE = "all before the cutoff"
DAYS = "user_days.active_on"
PAIRS = "interaction_features.n_events"

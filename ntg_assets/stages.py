"""Names of the stages: each is a key prefix in Dagster and a schema in the store."""

BACKTEST, LIVE, INGEST, EXPERIMENTS, PUBLISHED = (
    "backtest",
    "live",
    "ingest",
    "experiments",
    "published",
)
STAGES = (BACKTEST, LIVE)
SCHEMAS = frozenset({BACKTEST, LIVE, INGEST, EXPERIMENTS, PUBLISHED})

# what stands in `live` for what a model is learned from: all that is known, but under
# `split.boundaries: weekly` only what lies before the last Thursday, so that a model of an
# unchanged past stays; what is counted, scored and shown reads the tables themselves
LEARNED_FROM = {
    "split_boundaries": "learning_boundaries",
    "train_events": "learning_events",
    "user_days": "learning_days",
    "churn_snapshots": "learning_snapshots",
}

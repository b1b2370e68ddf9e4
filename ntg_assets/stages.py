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

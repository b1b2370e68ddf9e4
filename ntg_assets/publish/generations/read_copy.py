"""What the read copy holds: the published tables, what the service scores by, and evidence."""

from ntg_assets.publish.catalogue import PUBLISHED_TABLES
from ntg_assets.ranking.scoring.sources import GRAPH_TABLES
from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST, LIVE

# what the service scores by beside the tables that people have
SCORED_BY = tuple(
    table
    for table in GRAPH_TABLES.values()
    if (LIVE, table) not in {(entry.schema, entry.table) for entry in PUBLISHED_TABLES}
)

# Evidence and sources that the read copy holds beside the published tables; per-event copies of the
# back-test stay behind.
READ_COPY_ONLY = (
    (INGEST, "events"),
    (INGEST, "items"),
    (INGEST, "item_categories"),
    (INGEST, "event_calendar"),
    (INGEST, "quarantine"),
    (INGEST, "load_ledger"),
    (INGEST, "volume_report"),
    (INGEST, "optional_sources"),
    (INGEST, "input_files"),
    (INGEST, "attribute_report"),
    (INGEST, "subscription_report"),
    (INGEST, "subscription_quarantine"),
    (LIVE, "unavailable_items"),
    (LIVE, "user_regions"),
    (LIVE, "regional_exclusions"),
    (LIVE, "split_boundaries"),
    *((LIVE, table) for table in SCORED_BY),
    (LIVE, "item_popularity"),
    (BACKTEST, "split_boundaries"),
    (BACKTEST, "split_report"),
    (BACKTEST, "leakage_audit"),
    (BACKTEST, "release_gate"),
    (BACKTEST, "ranking_weights"),
    (BACKTEST, "churn_coefficients"),
)

READ_COPY_TABLES = (*((entry.schema, entry.table) for entry in PUBLISHED_TABLES), *READ_COPY_ONLY)

# Where the graph gathers what is published, so that the publication itself has few parents: a table
# of the working store that lists others, by (stage, part).
_LIVE_PARTS = {
    "data/features": "features",
    "outputs/graph": "taste",
    "outputs/embeddings": "taste",
    "outputs/ranking": "ranking",
    "outputs/churn": "churn",
    "outputs/radar": "revenue",
    "outputs/subscriptions": "subscriptions",
}
_LIVE_ONLY_PARTS = {
    "unavailable_items": "ranking",
    "user_regions": "ranking",
    "regional_exclusions": "ranking",
    "split_boundaries": "features",
    **dict.fromkeys(SCORED_BY, "taste"),
    "item_popularity": "ranking",
}
_STAGE_PARTS = {INGEST: INGEST, BACKTEST: "evaluation", EXPERIMENTS: EXPERIMENTS}


def gathered() -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Divide the tables of the read copy by (stage, part), each part in the order of the
    catalogue.
    """
    folders = {(entry.schema, entry.table): entry.folder for entry in PUBLISHED_TABLES}
    parts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table in READ_COPY_TABLES:
        if schema == LIVE:
            folder = folders.get((schema, table))
            part = _LIVE_PARTS[folder] if folder else _LIVE_ONLY_PARTS[table]
            parts.setdefault((schema, part), []).append((schema, table))
        elif schema in _STAGE_PARTS:
            parts.setdefault((schema, _STAGE_PARTS[schema]), []).append((schema, table))
    return parts

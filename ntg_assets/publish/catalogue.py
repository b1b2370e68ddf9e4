"""What is published, and where: the paths that people and other systems rely on."""

from typing import NamedTuple

from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST, LIVE, PUBLISHED


class PublishedTable(NamedTuple):
    """One table that is written as Parquet."""

    folder: str
    schema: str
    table: str

    @property
    def path(self) -> str:
        """File below the workspace."""
        return f"{self.folder}/{self.table}.parquet"


_FOLDERS: dict[str, dict[str, tuple[str, ...]]] = {
    "data/features": {
        LIVE: (
            "user_features",
            "item_features",
            "interaction_features",
            "feature_manifest",
            "user_days",
            "price_steps",
        )
    },
    "outputs/graph": {LIVE: ("taste_graph", "taste_axes", "user_taste", "graph_guardrails")},
    "outputs/embeddings": {LIVE: ("item_embeddings",)},
    "outputs/ranking": {
        LIVE: (
            "recommendations",
            "default_list",
            "ranking_weights",
            "item_rules",
            "ranking_rules_report",
            "default_list_report",
        ),
        BACKTEST: (
            "ranking_report",
            "ranking_comparisons",
            "retrieval_report",
            "off_policy_report",
            "off_policy_comparisons",
            "off_policy_problems",
            "shown_log_report",
        ),
    },
    "outputs/churn": {
        LIVE: (
            "churn_scores",
            "churn_coefficients",
            "churn_uncertainty",
            "churn_model_selection",
            "churn_recalibration",
            "churn_horizon_report",
            "log_holes",
            "churn_labels",
            "churn_snapshots",
        ),
        BACKTEST: (
            "churn_calibration",
            "churn_interval_coverage",
            "churn_challengers",
            "churn_drift",
        ),
        PUBLISHED: ("expected_quality",),
    },
    "outputs/radar": {
        LIVE: (
            "ltv_estimates",
            "value_ranges",
            "value_shapes",
            "ltv_ranges",
            "capped_days",
            "revenue_risk_radar",
            "radar_portfolio",
            "radar_stability",
            "intervention_targets",
            "persuadability_report",
            "uplift_estimates",
            "user_list_report",
            "contact_holds",
            "intervention_exclusions",
            "intervention_assignments",
            "strategy_comparison",
            "strategy_overlaps",
            "crm_handover",
            "handover_report",
            "handover_attributes",
            "contacts_taken",
        ),
        BACKTEST: ("radar_backtest", "value_backtest", "value_horizons", "money_calibration"),
        PUBLISHED: ("radar_segments",),
    },
    "outputs/subscriptions": {
        LIVE: (
            "contract_scores",
            "contract_values",
            "contract_hazards",
            "contract_persistence",
            "contract_cohorts",
            "contract_trials",
            "contract_acquisition",
            "revenue_waterfall",
            "revenue_waterfall_total",
            "return_scores",
            "return_hazards",
            "contact_candidates",
            "contact_rules",
        ),
        BACKTEST: ("contract_backtest", "contract_survival_backtest", "return_backtest"),
    },
    "outputs/experiments": {
        EXPERIMENTS: (
            "experiment_sources",
            "assignments",
            "exposures",
            "unit_metrics",
            "arm_traffic",
            "log_contents",
            "metric_sums",
            "metric_quantiles",
            "metric_shapes",
            "metric_contrasts",
            "daily_sums",
            "traffic_by_day",
            "effect_by_day",
            "effect_by_cohort",
            "health_checks",
            "readouts",
            "segment_effects",
            "experiment_plans",
            "self_tests",
            "decision_gates",
            "decisions",
            "unit_id_report",
            "experiment_problems",
        )
    },
}

PUBLISHED_TABLES = tuple(
    PublishedTable(folder, schema, table)
    for folder, schemas in _FOLDERS.items()
    for schema, tables in schemas.items()
    for table in tables
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
    (LIVE, "sequence_graph"),
    (LIVE, "linear_graph"),
    (LIVE, "item_transitions"),
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
    "sequence_graph": "taste",
    "linear_graph": "taste",
    "item_transitions": "taste",
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

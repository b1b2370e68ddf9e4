"""What is published, and where: the paths that people and other systems rely on."""

from typing import NamedTuple

from ntg_assets.stages import BACKTEST, EXPERIMENTS, LIVE, PUBLISHED


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
        BACKTEST: (
            "contract_backtest",
            "contract_forecast_tests",
            "contract_survival_backtest",
            "return_backtest",
        ),
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

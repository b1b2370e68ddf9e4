"""Assets of the leakage audit and of the release gate."""

import dagster as dg
import polars as pl

from ntg_assets.evaluation.gate.contracts import LeakageAudit, ReleaseGate
from ntg_assets.evaluation.gate.leakage_audit import leakage_audit as audit
from ntg_assets.evaluation.gate.release_gate import Evidence
from ntg_assets.evaluation.gate.release_gate import release_gate as decide
from ntg_assets.evaluation.leakage.verdict_on_code import remade
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Table
from ntg_assets.stages import BACKTEST


@staged_asset(
    contract=LeakageAudit,
    group="evaluation",
    stages=(BACKTEST,),
    files=("data/leakage",),
    kinds=("sql", "polars"),
)
def leakage_audit(
    context: dg.AssetExecutionContext,
    split_boundaries: pl.DataFrame,
    train_events: Table,
    val_events: Table,
    test_events: Table,
    user_days: Table,
    interaction_features: Table,
    user_features: Table,
    item_features: Table,
    taste_graph: Table,
    candidates: Table,
    churn_labels: Table,
    churn_scores: Table,
    project: Project,
) -> pl.DataFrame:
    """Every row of the back-test that could only come from the future, counted, and what re-making
    a planted world with other futures has shown of this code and configuration.
    """
    audited = (
        train_events,
        val_events,
        test_events,
        user_days,
        interaction_features,
        user_features,
        item_features,
        taste_graph,
        candidates,
        churn_labels,
        churn_scores,
    )
    dates = project.read(audit({table.name: table for table in audited}, split_boundaries))
    verdict = remade(project.settings, workspace=project.paths.workspace, tell=context.log.info)
    return pl.concat([dates.with_columns(detail=pl.lit(None, pl.String)), verdict])


CONTRACTS = ("contract_backtest", "contract_values", "revenue_waterfall")


@staged_asset(
    contract=ReleaseGate,
    group="evaluation",
    stages=(BACKTEST,),
    after=[dg.AssetKey([BACKTEST, table]) for table in CONTRACTS],
)
def release_gate(
    split_report: pl.DataFrame,
    leakage_audit: pl.DataFrame,
    ranking_report: pl.DataFrame,
    churn_calibration: pl.DataFrame,
    radar_backtest: pl.DataFrame,
    value_horizons: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whether the evidence of the back-test lets anything live be made, rule by rule."""
    evidence = Evidence(
        split_report=split_report,
        leakage_audit=leakage_audit,
        ranking_report=ranking_report,
        churn_calibration=churn_calibration,
        radar_backtest=radar_backtest,
        value_horizons=value_horizons,
    )
    return decide(
        evidence, settings=project.settings.gate, strategy=project.settings.split.strategy
    )

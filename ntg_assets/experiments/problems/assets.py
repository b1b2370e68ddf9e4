"""The asset that says which experiments are missing from the results, and why."""

import polars as pl

from ntg_assets.experiments import results
from ntg_assets.experiments.contracts.decision import (
    ExperimentProblems,
)
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.units.log_designs import units_of_logs
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.stages import EXPERIMENTS


@staged_asset(contract=ExperimentProblems, group="experiments", stages=(EXPERIMENTS,))
def experiment_problems(
    optional_sources: pl.DataFrame,
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    effect_by_day: pl.DataFrame,
    effect_by_cohort: pl.DataFrame,
    health_checks: pl.DataFrame,
    readouts: pl.DataFrame,
    segment_effects: pl.DataFrame,
    experiment_plans: pl.DataFrame,
    decisions: pl.DataFrame,
    self_test_units: pl.DataFrame,
    designed_units: pl.DataFrame,
    self_tests: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    experiment_sources: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Why an experiment is missing from tables of results; no rows: none is."""
    settings = project.settings
    programme = settings.experiments
    stored = results.StoredResults(
        effect_by_day,
        effect_by_cohort,
        health_checks,
        readouts,
        segment_effects,
        experiment_plans,
        decisions,
        self_test_units,
        self_tests,
    )
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        programme.prior,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        value=ValueTerms(settings.value.unit, settings.value.basis),
        experiment_sources=experiment_sources,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
        metric_contrasts=metric_contrasts,
    )
    return results.experiment_problems(
        programme,
        optional_sources,
        evidence,
        stored,
        seed=project.settings.seed,
        designed=units_of_logs(programme.in_runs, designed_units),
    )

"""Assets of the experiments: ranking strategies held against each other on behaviour that none of
them has seen.
"""

import dagster as dg
import polars as pl

from ntg_assets.experiments import results
from ntg_assets.experiments.contracts.decision import (
    DecisionGates,
    Decisions,
    HealthChecks,
)
from ntg_assets.experiments.contracts.effects import EffectByCohort, EffectByDay, SegmentEffects
from ntg_assets.experiments.contracts.readout import ExperimentPlans, Readouts, SelfTests
from ntg_assets.experiments.data.evidence_tables import EvidenceTables
from ntg_assets.experiments.data.units.log_designs import units_of_logs
from ntg_assets.experiments.data.value_terms import ValueTerms
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.stages import EXPERIMENTS

MOST_TOLD = 20  # decisions in the log of the run; all of them stand in the table


@staged_asset(contract=EffectByDay, group="experiments", stages=(EXPERIMENTS,))
def effect_by_day(daily_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether the effect lasts: treatment against control on each day since the exposure."""
    return results.effect_by_day(project.settings.experiments.in_runs, daily_sums)


@staged_asset(contract=EffectByCohort, group="experiments", stages=(EXPERIMENTS,))
def effect_by_cohort(daily_sums: pl.DataFrame, project: Project) -> pl.DataFrame:
    """Whether units exposed late show the effect that early ones did."""
    return results.effect_by_cohort(project.settings.experiments.in_runs, daily_sums)


@staged_asset(contract=HealthChecks, group="experiments", stages=(EXPERIMENTS,))
def health_checks(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whether the numbers of each experiment can be trusted at all."""
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
        metric_contrasts=metric_contrasts,
    )
    return results.health_checks(project.settings.experiments.in_runs, evidence)


@staged_asset(contract=Readouts, group="experiments", stages=(EXPERIMENTS,))
def readouts(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each arm changed, with interval, p and money; between users and,
    in a replay, in pairs.
    """
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
        metric_contrasts=metric_contrasts,
    )
    return results.readouts(project.settings.experiments.in_runs, evidence)


@staged_asset(contract=ExperimentPlans, group="experiments", stages=(EXPERIMENTS,))
def experiment_plans(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each experiment can show by when, at the traffic seen so far."""
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        metric_contrasts=metric_contrasts,
    )
    return results.experiment_plans(project.settings.experiments.in_runs, evidence)


@staged_asset(contract=SegmentEffects, group="experiments", stages=(EXPERIMENTS,))
def segment_effects(
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whom each arm helped: the deciding metrics by quartile of revenue at risk,
    or by the segments of a log.
    """
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
        metric_contrasts=metric_contrasts,
    )
    return results.all_segment_effects(project.settings.experiments.in_runs, evidence)


@staged_asset(contract=Decisions, group="experiments", stages=(EXPERIMENTS,))
def decisions(
    context: dg.AssetExecutionContext,
    arm_traffic: pl.DataFrame,
    metric_sums: pl.DataFrame,
    metric_quantiles: pl.DataFrame,
    metric_shapes: pl.DataFrame,
    daily_sums: pl.DataFrame,
    log_contents: pl.DataFrame,
    traffic_by_day: pl.DataFrame,
    self_tests: pl.DataFrame,
    metric_contrasts: pl.DataFrame,
    readouts: pl.DataFrame,
    experiment_sources: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Roll out, roll back or iterate: by written rules,
    with a receipt from which the decision can be derived again.
    """
    settings = project.settings
    evidence = EvidenceTables(
        arm_traffic,
        metric_sums,
        metric_quantiles,
        settings.experiments.prior,
        metric_shapes=metric_shapes,
        daily_sums=daily_sums,
        value=ValueTerms(settings.value.unit, settings.value.basis),
        experiment_sources=experiment_sources,
        log_contents=log_contents,
        traffic_by_day=traffic_by_day,
        self_tests=self_tests,
        metric_contrasts=metric_contrasts,
    )
    made = results.decisions(settings.experiments.in_runs, evidence, readouts=readouts)
    for sentence in made["sentence"].head(MOST_TOLD):
        context.log.info(sentence)
    return made


@staged_asset(contract=DecisionGates, group="experiments", stages=(EXPERIMENTS,))
def decision_gates(decisions: pl.DataFrame) -> pl.DataFrame:
    """Every gate of every decision, with the number it looked at."""
    return results.decision_gates(decisions)


@staged_asset(contract=SelfTests, group="experiments", stages=(EXPERIMENTS,))
def self_tests(
    self_test_units: pl.DataFrame, designed_units: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """Whether the intervals keep their promise on these very data: false positives,
    coverage, power.
    """
    programme = project.settings.experiments
    return results.self_tests(
        programme.in_runs,
        self_test_units,
        seed=project.settings.seed,
        most=programme.self_tested,
        designed=units_of_logs(programme.in_runs, designed_units),
    )

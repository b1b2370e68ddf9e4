"""Assets of value: what users are worth over the stated horizon, and by what evidence."""

from dataclasses import dataclass

import dagster as dg
import polars as pl

from ntg_assets.churn.snapshots import labelled_snapshots, train_history
from ntg_assets.orchestration.bundles import Bundle
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.value import ltv, prices, worth
from ntg_assets.revenue.value import value_shapes as shaping
from ntg_assets.revenue.value.contracts import (
    CappedDays,
    LtvEstimates,
    LtvRanges,
    ValueCoefficients,
    ValueRanges,
)
from ntg_assets.revenue.value.horizon_forecasts import fit_ltv_ranges
from ntg_assets.revenue.value.past_values import past_values
from ntg_assets.revenue.value.shape_contracts import ValueShapes, ValueWalkForward
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.revenue.value.value_model import fit_value
from ntg_assets.revenue.value.value_ranges import fit_value_ranges
from ntg_assets.revenue.value.ways.population import period_ends
from ntg_assets.revenue.value.ways.seasons import SEASON_UNKNOWN, is_learnable
from ntg_assets.sql import Query, Table
from ntg_assets.stages import LEARNED_FROM


@dataclass(frozen=True)
class Amounts(Bundle):
    """What the amounts of active days count as."""

    user_days: Table
    price_steps: pl.DataFrame
    capped_days: pl.DataFrame

    def counted(self, snapshots: pl.DataFrame, project: Project) -> pl.DataFrame:
        """Snapshots with their amounts as they count, in the prices of their cutoffs."""
        if self.price_steps.height and snapshots.height:
            sums = prices.priced_sums(snapshots, self.user_days, self.price_steps)
            snapshots = prices.with_prices(snapshots, project.read(sums))
        return worth.counted(snapshots, self.capped_days)


@staged_asset(contract=CappedDays, group="revenue", kinds=("sql",))
def capped_days(
    user_days: Table, price_steps: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> Query:
    """Active days whose amount counts only up to what the log, or the user,
    has shown often enough.
    """
    return worth.capped_days(
        prices.priced_days(user_days, prices.levels_to(price_steps)),
        cutoff_on=train_history(split_boundaries).cutoff_on,
        settings=project.settings.value,
    )


@staged_asset(contract=ValueCoefficients, group="revenue", kinds=("scikitlearn",))
def value_coefficients(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    amounts: Amounts,
    project: Project,
) -> pl.DataFrame:
    """The value model as a table: what an active user is worth over one churn horizon."""
    labelled = amounts.counted(labelled_snapshots(churn_snapshots, churn_labels), project)
    return fit_value(labelled, settings=project.settings.value)


@staged_asset(contract=ValueRanges, group="revenue", kinds=("polars",))
def value_ranges(
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    amounts: Amounts,
    project: Project,
) -> pl.DataFrame:
    """How far the value of the next horizon may lie from its forecast, by size of the forecast."""
    labelled = amounts.counted(labelled_snapshots(churn_snapshots, churn_labels), project)
    return fit_value_ranges(
        labelled, churn_coefficients, value_coefficients, settings=project.settings.value
    )


@staged_asset(
    contract=ValueWalkForward,
    group="revenue",
    kinds=("scikitlearn",),
    live_reads=LEARNED_FROM,
)
def value_walk_forward(
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_labels: pl.DataFrame,
    churn_walk_forward: pl.DataFrame,
    log_holes: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What every way of foreseeing value would have said of everyone at past cutoffs,
    beside what they then brought.
    """
    return past_values(
        user_days,
        labelled_snapshots(churn_snapshots, churn_labels),
        churn_walk_forward,
        train_history(split_boundaries, log_holes),
        churn=project.settings.churn,
        value=project.settings.value,
    )


@staged_asset(contract=ValueShapes, group="revenue", kinds=("polars",), live_reads=LEARNED_FROM)
def value_shapes(
    context: dg.AssetExecutionContext,
    value_walk_forward: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """How much each way of foreseeing value counts, and how far it was off at earlier cuts."""
    ends = period_ends(
        horizon_days=project.settings.value.horizon_days,
        period_days=project.settings.churn.horizon_days,
    )
    shapes = shaping.value_shapes(
        value_evidence(value_walk_forward),
        known_on=train_history(split_boundaries).complete_until_on,
        n_stated=len(ends),
    )
    context.log.info("value_shapes: %s", shaping.in_words(shapes))
    return shapes


@staged_asset(contract=LtvRanges, group="revenue", kinds=("polars",), live_reads=LEARNED_FROM)
def ltv_ranges(
    value_walk_forward: pl.DataFrame, value_shapes: pl.DataFrame, split_boundaries: pl.DataFrame
) -> pl.DataFrame:
    """How far what users bring over the longest closed span may lie from its forecast."""
    known_on = train_history(split_boundaries).complete_until_on
    return fit_ltv_ranges(value_walk_forward, value_shapes, known_on=known_on)


@staged_asset(contract=LtvEstimates, group="revenue", kinds=("polars",))
def ltv_estimates(
    context: dg.AssetExecutionContext,
    user_days: pl.DataFrame,
    price_steps: pl.DataFrame,
    capped_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    churn_scores: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    value_shapes: pl.DataFrame,
    value_ranges: pl.DataFrame,
    ltv_ranges: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What each user is worth over the horizon: if they stay, if they leave, and in all."""
    values = ltv.score_value(
        churn_snapshots,
        churn_scores,
        ltv.ValueModel(
            value_coefficients, value_shapes, value_ranges, ltv_ranges, capped_days, price_steps
        ),
        user_days,
        train_history(split_boundaries),
        churn=project.settings.churn,
        value=project.settings.value,
    )
    history = train_history(split_boundaries)
    if not is_learnable((history.cutoff_on - history.start_on).days):
        context.log.warning("ltv_estimates: %s", SEASON_UNKNOWN)
    if n_capped := int(values["is_worth_capped"].sum()):
        context.log.warning(
            "ltv_estimates: %d of %d users' worth %s", n_capped, values.height, worth.CAPPED
        )
    return values

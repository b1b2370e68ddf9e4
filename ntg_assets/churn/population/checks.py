"""Checks of who is there tonight: others than those whom churn was learned from, or other days
ahead; warnings, since a campaign or a peak is a fact and not a fault.
"""

import dagster as dg
import polars as pl

from ntg_assets.churn.log_holes import daily_users
from ntg_assets.churn.population.arrivals import arrivals, compare_arrivals, describe_arrivals
from ntg_assets.churn.population.thin_weeks import describe_thin_weeks, find_thin_weeks
from ntg_assets.churn.population.windows_around import windows_around
from ntg_assets.churn.population.year_ago import (
    describe_closed,
    describe_further_ahead,
    describe_year_ago,
    look_a_year_back,
    look_further_ahead,
)
from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.sql import Table
from ntg_assets.stages import STAGES


@staged_check("user_days", stages=STAGES)
def newcomers_are_as_usual(
    user_days: Table, split_boundaries: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """Those who joined of late come again as those before them did; a warning, since a campaign is
    a fact and not a fault.
    """
    return _arrivals_are_as_usual(user_days, split_boundaries, project, is_new=True)


@staged_check("user_days", stages=STAGES)
def returners_are_as_usual(
    user_days: Table, split_boundaries: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """Those who came back of late come again as those before them did; a warning, since a mailing
    is a fact and not a fault.
    """
    return _arrivals_are_as_usual(user_days, split_boundaries, project, is_new=False)


def _arrivals_are_as_usual(
    user_days: Table, split_boundaries: pl.DataFrame, project: Project, *, is_new: bool
) -> dg.AssetCheckResult:
    history, settings = train_history(split_boundaries), project.settings.churn
    counts = project.read(arrivals(user_days, history, settings=settings))
    late = compare_arrivals(counts, history, is_new=is_new, settings=settings)
    sentence = describe_arrivals(late, is_new=is_new, horizon_days=settings.horizon_days)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "they come again as usual, or are few",
        metadata={} if late is None else late._asdict(),
    )


@staged_check("log_holes", stages=STAGES)
def weeks_before_the_cutoff_are_as_usual(
    user_days: Table, log_holes: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """No weeks shortly before the cutoff hold far less than those around them; a warning, since an
    outage is a fact and not a fault.
    """
    history = train_history(split_boundaries, log_holes)
    thin = find_thin_weeks(
        project.read(daily_users(user_days)),
        history,
        at_risk_days=project.settings.churn.at_risk_window_days,
    )
    sentence = describe_thin_weeks(thin, history)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "the weeks in which users are at risk hold what is usual",
        metadata={} if thin is None else {"users_a_day": thin.users_a_day},
    )


@staged_check("log_holes", stages=STAGES)
def days_ahead_were_usual_a_year_ago(
    user_days: Table, log_holes: pl.DataFrame, split_boundaries: pl.DataFrame, project: Project
) -> dg.AssetCheckResult:
    """What followed this day a year ago was as busy as what follows other days; a warning, since
    a peak may not come again.
    """
    history = train_history(split_boundaries, log_holes)
    horizon_days = project.settings.churn.horizon_days
    windows = project.read(windows_around(user_days, history, horizon_days=horizon_days))
    year_ago = look_a_year_back(windows, history, horizon_days=horizon_days)
    ahead_days = max(horizon_days, project.settings.value.horizon_days)
    later = look_further_ahead(windows, history, horizon_days=horizon_days, ahead_days=ahead_days)
    said = [
        describe_year_ago(year_ago, horizon_days=horizon_days),
        describe_further_ahead(later, horizon_days=horizon_days),
        describe_closed(history, ahead_days=ahead_days),
    ]
    sentence = " ".join(filter(None, said))
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "a year ago the days ahead were usual, or the log cannot tell",
        metadata={} if year_ago is None else {"factor": year_ago.factor, "z": year_ago.z},
    )

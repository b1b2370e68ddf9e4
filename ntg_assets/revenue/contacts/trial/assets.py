"""Assets of the contact trial: whether the programme works, and on whom."""

import polars as pl

from ntg_assets.churn.snapshots import train_history
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.revenue.contacts.contacts_taken import with_reported
from ntg_assets.revenue.contacts.trial import trials
from ntg_assets.revenue.contacts.trial.contracts import (
    PersuadabilityReport,
    TrialOutcomes,
    UpliftEstimates,
)
from ntg_assets.revenue.contacts.trial.uplift import Uplift, measure_uplift, uplift_or_problem


@staged_asset(contract=TrialOutcomes, group="revenue", kinds=("sql",))
def trial_outcomes(
    trial_log: pl.DataFrame,
    user_days: pl.DataFrame,
    split_boundaries: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What users of the configured contact trial brought after they were given an arm;
    empty without a trial.
    """
    until_on, value = train_history(split_boundaries).complete_until_on, project.settings.value
    return trials.trial_outcomes(
        trial_log,
        user_days,
        complete_until_on=until_on,
        window_days=_trial_days(project),
        value=value,
    )


@staged_asset(contract=PersuadabilityReport, group="revenue", kinds=("polars",))
def persuadability_report(
    trial_outcomes: pl.DataFrame,
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    contacts_taken: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """Whether the contact programme works, and whether it is known whom it works on."""
    report = _uplift(trial_outcomes, user_days, churn_snapshots, project).report
    return with_reported(report, trial_outcomes, contacts_taken)


@staged_asset(contract=UpliftEstimates, group="revenue", kinds=("polars",))
def uplift_estimates(
    trial_outcomes: pl.DataFrame,
    user_days: pl.DataFrame,
    churn_snapshots: pl.DataFrame,
    project: Project,
) -> pl.DataFrame:
    """What a contact is forecast to change for each user;
    empty unless a randomised trial has shown that somebody gains more.
    """
    return _uplift(trial_outcomes, user_days, churn_snapshots, project).estimates


def _uplift(
    outcomes: pl.DataFrame, user_days: pl.DataFrame, snapshots: pl.DataFrame, project: Project
) -> Uplift:
    now, window_days = (
        snapshots.filter(pl.col("snapshot_on") == pl.col("snapshot_on").max()),
        _trial_days(project),
    )

    def measure() -> Uplift:
        return measure_uplift(
            trials.with_activity_before(outcomes, user_days), now, window_days=window_days
        )

    return uplift_or_problem(measure, trial=outcomes, now=now, window_days=window_days)


def _trial_days(project: Project) -> int:
    trial = project.settings.radar.trial
    return (trial.window_days if trial else None) or project.settings.churn.horizon_days

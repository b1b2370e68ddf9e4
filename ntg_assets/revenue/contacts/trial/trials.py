"""The contact programme's trial: who was treated and who was held out, and what they then did.

A user counts once, from the first day on which they were given an arm, and only when their window
has closed inside TRAIN.
"""

from datetime import date, timedelta
from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import column_name
from ntg_assets.configuration.inputs.events import IdType
from ntg_assets.configuration.revenue import TrialSettings, ValueSettings
from ntg_assets.errors import SourceError
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.local_days import UTC_ZONE, local_days
from ntg_assets.revenue.value.value_model import observed_value
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import (
    as_written,
    read_rows,
    settle_times,
    written_time_rules,
)
from ntg_assets.sources.reading.rules import Rule
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id, as_log_id_or_written
from ntg_assets.sources.values.numbers import as_value
from ntg_assets.sql import Source, query
from ntg_assets.storage.run import run

TRIAL, TRIAL_KEY = "trial", "radar.trial"
TRIAL_COLUMNS = ("user_id", "assigned_at", "arm", "propensity")
LOG_SCHEMA = {
    "listed_id": pl.String,
    "assigned_on": pl.Date,
    "is_treated": pl.Boolean,
    "propensity": pl.Float64,
}


class TrialLog(NamedTuple):
    """The log of a programme: rows of `trial_log`, and in words what was found."""

    rows: pl.DataFrame
    n_files: int
    sentence: str


def read_trial(
    trial: TrialSettings, *, place: Place, id_type: IdType, zone: str = UTC_ZONE
) -> TrialLog:
    """Read the log of a randomised programme; its days are those of `zone`.

    Returns:
        `listed_id` (as the log of events writes it), `assigned_on`, `is_treated`, `propensity`: one
        row per user, the first day; who was in both arms is in none.

    Raises:
        SourceError: a file is missing or damaged, a day or a propensity is none, an arm is not
            known.
    """
    times, reading = written_time_rules("assigned_at", trial.assigned_at, trial, zone=zone)
    read = read_rows(
        Described.of(TRIAL_KEY, trial, TRIAL_COLUMNS),
        (*_rules(trial), *times),
        place=place,
        parameters=reading.parameters,
    )
    if read is None:
        return TrialLog(
            pl.DataFrame(schema=LOG_SCHEMA), 0, "no file is there yet: nothing can be measured"
        )
    _refuse_unknown_arms(read.rows, trial)
    rows = settle_times(read.rows, "assigned_at", zone=zone)
    is_treated = pl.col("arm") == trial.treated
    parsed = rows.select(
        listed_id=as_log_id_or_written(pl.col("listed_id"), id_type),
        assigned_on=local_days(rows["assigned_at"], zone),
        is_treated=is_treated,
        propensity="propensity" if trial.propensity else is_treated.mean(),
    )
    _refuse_incomplete(parsed)
    first = parsed.sort("listed_id", "assigned_on", "is_treated").group_by(
        "listed_id", maintain_order=True
    )
    users = first.agg(
        pl.col("assigned_on", "propensity").first(),
        pl.col("is_treated").first(),
        n=pl.col("is_treated").n_unique(),
    )
    kept = users.filter(pl.col("n") == 1).select(*LOG_SCHEMA)
    told, n_both = (
        f"{parsed.height:,} rows in {read.n_files:,} file(s): {kept.height:,} users",
        users.height - kept.height,
    )
    return TrialLog(
        kept,
        read.n_files,
        f"{told}; {n_both:,} were in both arms and count in none" if n_both else told,
    )


def _rules(trial: TrialSettings) -> tuple[Rule, ...]:
    return (
        Rule("listed_id", column_name(trial.user_id), as_listed_id, is_optional=True),
        Rule("arm", column_name(trial.arm), as_written, is_optional=True),
        Rule(
            "propensity",
            column_name(trial.propensity) if trial.propensity else None,
            as_value if trial.propensity else _no_value,
            is_optional=True,
        ),
    )


def _no_value(_: Column) -> str:
    return "cast(null as double)"


def _refuse_incomplete(parsed: pl.DataFrame) -> None:
    is_broken = pl.any_horizontal(pl.all().is_null()) | ~pl.col("propensity").is_between(
        0, 1, closed="none"
    )
    broken = parsed.filter(is_broken.fill_null(value=True))
    if broken.height:
        raise SourceError(
            f"{broken.height:,} of {parsed.height:,} rows hold no user, no day, or a propensity"
            f" that is not between 0 and 1 (first: {broken.row(0)}). Mend the log; a propensity of"
            " 1 has nobody to compare with."
        )


def trial_outcomes(
    log: pl.DataFrame,
    user_days: pl.DataFrame,
    *,
    complete_until_on: date,
    window_days: int,
    value: ValueSettings,
) -> pl.DataFrame:
    """Count what the users of a trial brought in the window after their day;
    only windows that have closed.

    Returns:
        `trial_outcomes`, by user; users that the log of events does not know are left out.
    """
    users = (
        user_days.select("user_id", listed_id=pl.col("user_id").cast(pl.String))
        .unique()
        .sort("user_id")
    )
    closed = log.filter(pl.col("assigned_on") + timedelta(days=window_days) <= complete_until_on)
    trial = users.join(closed, on="listed_id", how="inner").drop("listed_id")
    seen = run(
        query(
            "revenue.contacts.trial",
            "trial_outcomes",
            {"trial": trial, "user_days": user_days},
            window_days=window_days,
        )
    ).sort("user_id")
    return seen.select(
        "user_id",
        "assigned_on",
        "is_treated",
        "propensity",
        pl.Series("value", observed_value(seen, settings=value)),
    )


def with_activity_before(outcomes: pl.DataFrame, user_days: Source) -> pl.DataFrame:
    """Add what was known of each user on the day of the arm;
    who had not been active before is left out.
    """
    known = run(
        user_activity_features(user_days, outcomes.select("user_id", cutoff_on="assigned_on"))
    )
    return outcomes.join(known.drop("cutoff_on"), on="user_id", how="inner").sort("user_id")


def _refuse_unknown_arms(rows: pl.DataFrame, trial: TrialSettings) -> None:
    unknown = rows.filter(
        ~pl.col("arm").is_in([trial.treated, trial.control]).fill_null(value=False)
    )
    if unknown.height:
        raise SourceError(
            f"{unknown.height:,} of {rows.height:,} rows have arm {unknown['arm'][0]!r};"
            f" {trial.treated!r} and {trial.control!r} are configured (radar.trial.treated,"
            " radar.trial.control)."
        )

"""The log of the contact programme's trial: who was treated and who was held out.

A user counts once, from the first day on which they were given an arm.
"""

from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.columns_from import column_name
from ntg_assets.configuration.inputs.events import IdType
from ntg_assets.configuration.revenue import TrialSettings
from ntg_assets.errors import SourceError
from ntg_assets.local_days import local_days
from ntg_assets.sources.files.derived_columns import Described
from ntg_assets.sources.optional_files import FileRows, read_rows
from ntg_assets.sources.reading.refused_values import PossibleTimes, raise_if_unreadable
from ntg_assets.sources.reading.rules import Rule, number_parameters
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.columns import Column
from ntg_assets.sources.values.ids import as_listed_id, as_log_id_or_written
from ntg_assets.sources.values.numbers import as_value
from ntg_assets.sources.values.words import meanings
from ntg_assets.sources.written_times import as_written, settle_times, written_time_rules
from ntg_assets.zones import UTC_ZONE

TRIAL, TRIAL_KEY = "trial", "radar.trial"
TRIAL_COLUMNS = ("user_id", "assigned_at", "arm", "propensity")
ANY_TIME = PossibleTimes()
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
    trial: TrialSettings,
    *,
    place: Place,
    id_type: IdType,
    zone: str = UTC_ZONE,
    possible: PossibleTimes = ANY_TIME,
) -> TrialLog:
    """Read the log of a randomised programme; its days are those of `zone`.

    Args:
        trial: Files and columns.
        place: Where files may lie.
        id_type: How the log of events writes users.
        zone: Zone of the days.
        possible: When somebody can have been given an arm.

    Returns:
        `listed_id` (as the log of events writes it), `assigned_on`, `is_treated`, `propensity`: one
        row per user, the first day; who was in both arms is in none.

    Raises:
        SourceError: a file is missing or damaged, a day or a propensity is none, an arm is not
            known.
    """
    read = _read(trial, place=place, zone=zone)
    if read is None:
        nobody = pl.DataFrame(schema=LOG_SCHEMA)
        return TrialLog(nobody, 0, "no file is there yet: nothing can be measured")
    rows = settle_times(read.rows, "assigned_at", zone=zone)
    times, column = rows["assigned_at"], column_name(trial.assigned_at)
    is_treated = _is_treated(rows, trial)
    _raise_if_incomplete(rows, trial)
    possible.raise_if_earlier(times, what="", column=column)
    share = "propensity" if trial.propensity else pl.lit(is_treated.mean(), pl.Float64)
    parsed = rows.select(
        listed_id=as_log_id_or_written(pl.col("listed_id"), id_type),
        assigned_on=local_days(times, zone),
        is_treated=is_treated,
        propensity=share,
    )
    _raise_if_certain(parsed, rows)
    kept, n_both = _once_per_user(parsed)
    said = [_describe(parsed, kept, n_both=n_both, n_files=read.n_files)]
    said += filter(None, [possible.describe_later(times)])
    return TrialLog(kept, read.n_files, "; ".join(said))


def _is_treated(rows: pl.DataFrame, trial: TrialSettings) -> pl.Series:
    """Whether each row is of the treated arm; refuses arms that nobody has named."""
    arms = meanings(rows["arm"], {trial.treated: trial.treated, trial.control: trial.control})
    _raise_if_unknown_arms(rows, arms, trial)
    return arms == trial.treated


def _read(trial: TrialSettings, *, place: Place, zone: str) -> FileRows | None:
    """Rows of the log as they are written; None while no file is there."""
    times, reading = written_time_rules("assigned_at", trial.assigned_at, trial, zone=zone)
    numbers = number_parameters(trial) if trial.propensity else {}
    return read_rows(
        Described.of(TRIAL_KEY, trial, TRIAL_COLUMNS),
        (*_rules(trial), *times),
        place=place,
        parameters={**reading.parameters, **numbers},
    )


def _once_per_user(parsed: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The first day of each user who was in one arm, and how many users were in both."""
    first = parsed.sort("listed_id", "assigned_on", "is_treated").group_by(
        "listed_id", maintain_order=True
    )
    users = first.agg(
        pl.col("assigned_on", "propensity").first(),
        pl.col("is_treated").first(),
        n=pl.col("is_treated").n_unique(),
    )
    kept = users.filter(pl.col("n") == 1).select(*LOG_SCHEMA)
    return kept, users.height - kept.height


def _describe(parsed: pl.DataFrame, kept: pl.DataFrame, *, n_both: int, n_files: int) -> str:
    n_treated = int(kept["is_treated"].sum())
    counts = (
        f"{parsed.height:,} rows in {n_files:,} file(s): {kept.height:,} users, {n_treated:,}"
        f" treated and {kept.height - n_treated:,} held out"
    )
    return f"{counts}; {n_both:,} were in both arms and count in none" if n_both else counts


def _rules(trial: TrialSettings) -> tuple[Rule, ...]:
    return (
        Rule("listed_id", column_name(trial.user_id), as_listed_id, is_optional=True),
        Rule("arm", column_name(trial.arm), as_written, is_optional=True),
        *_propensity_rules(trial),
    )


def _propensity_rules(trial: TrialSettings) -> tuple[Rule, Rule]:
    """The probability of treatment as a number and as it is written; null where none is named."""
    if trial.propensity is None:
        return (
            Rule("propensity", None, _no_value, is_optional=True),
            Rule("propensity_text", None, _no_text, is_optional=True),
        )
    share = column_name(trial.propensity)
    signs = tuple(f"${name} is not null" for name in number_parameters(trial))
    return (
        Rule("propensity", share, lambda it: as_value(it, trial), limits=signs, is_optional=True),
        Rule("propensity_text", share, as_written, is_optional=True),
    )


def _no_value(_: Column) -> str:
    return "cast(null as double)"


def _no_text(_: Column) -> str:
    return "cast(null as varchar)"


def _raise_if_incomplete(rows: pl.DataFrame, trial: TrialSettings) -> None:
    """Refuse rows without a user, a day or a propensity, each for itself."""
    if n_blank := rows["listed_id"].null_count():
        file = rows.filter(pl.col("listed_id").is_null())["file_name"][0]
        raise SourceError(
            f"{n_blank:,} of {rows.height:,} rows name no user in {column_name(trial.user_id)}"
            f" (first in {file}). Mend the log."
        )
    column = column_name(trial.assigned_at)
    raise_if_unreadable(rows, rows["assigned_at"].is_null(), "assigned_at", what="", column=column)
    if trial.propensity is not None:
        share = column_name(trial.propensity)
        is_none = rows["propensity"].is_null()
        raise_if_unreadable(rows, is_none, "propensity", what="", column=share, kind="number")


def _raise_if_certain(parsed: pl.DataFrame, rows: pl.DataFrame) -> None:
    """Refuse propensities with which there is nobody to compare, or that are none."""
    is_broken = ~parsed["propensity"].is_between(0, 1, closed="none").fill_null(value=False)
    if is_broken.any():
        wrong, file = parsed.filter(is_broken), rows.filter(is_broken)["file_name"][0]
        raise SourceError(
            f"{wrong.height:,} of {parsed.height:,} rows have a propensity that is not between 0"
            f" and 1 (first: {wrong['propensity'][0]:g}, user {wrong['listed_id'][0]!r} in {file})."
            " Write the probability of treatment as a share (0.5, not 50); one of 0 or 1 has"
            " nobody to compare with."
        )


def _raise_if_unknown_arms(rows: pl.DataFrame, arms: pl.Series, trial: TrialSettings) -> None:
    unknown = rows.filter(arms.is_null())
    if unknown.height:
        raise SourceError(
            f"{unknown.height:,} of {rows.height:,} rows have {column_name(trial.arm)} ="
            f" {unknown['arm'][0] or ''!r} (first in {unknown['file_name'][0]});"
            f" {trial.treated!r} and {trial.control!r} are configured (radar.trial.treated,"
            " radar.trial.control)."
        )

"""The contact programme's trial: who was treated and who was held out, and what they then did.

A user counts once, from the first day on which they were given an arm, and only when their window has closed inside TRAIN.
"""

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from ntg_assets.errors import ConfigurationError
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.local_days import UTC_ZONE, written_days
from ntg_assets.revenue.settings import TrialSettings, ValueSettings
from ntg_assets.revenue.user_lists import matching_files, read_as_text
from ntg_assets.revenue.value_model import observed_value
from ntg_assets.sql import Source, query, run

WHAT = "radar.trial"
LOG_SCHEMA = {"user": pl.String, "assigned_on": pl.Date, "is_treated": pl.Boolean, "propensity": pl.Float64}
OUTCOME_SCHEMA = {"assigned_on": pl.Date, "is_treated": pl.Boolean, "propensity": pl.Float64, "value": pl.Float64}


def read_trial(trial: TrialSettings | None, *, home: Path, zone: str = UTC_ZONE) -> pl.DataFrame:
    """Read the log of a randomised programme; its days are those of `zone`.

    Returns:
        `user` (text), `assigned_on`, `is_treated`, `propensity`: one row per user, the first day; who was in both arms is in none.

    Raises:
        ConfigurationError: a file is missing or unreadable, a day or a propensity is none, an arm is not known.
    """
    if trial is None:
        return pl.DataFrame(schema=LOG_SCHEMA)
    names = [trial.user_id, trial.arm, trial.assigned_at, *([trial.propensity] if trial.propensity else [])]
    found = [
        read_as_text(path, names, what=f"{WHAT}: {path.name}") for file in trial.files for path in matching_files(file, home, what=WHAT)
    ]
    if not found:
        return pl.DataFrame(schema=LOG_SCHEMA)
    rows = pl.concat(found)
    _refuse_unknown_arms(rows, trial)
    is_treated = pl.col(trial.arm) == trial.treated
    parsed = rows.select(
        user=pl.col(trial.user_id).str.strip_chars(),
        assigned_on=written_days(rows[trial.assigned_at], zone),
        is_treated=is_treated,
        propensity=pl.col(trial.propensity).cast(pl.Float64, strict=False)
        if trial.propensity
        else (pl.col(trial.arm) == trial.treated).mean(),
    )
    is_broken = pl.any_horizontal(pl.all().is_null()) | ~pl.col("propensity").is_between(0, 1, closed="none")
    if n_broken := parsed.filter(is_broken.fill_null(value=True)).height:
        raise ConfigurationError(
            f"{WHAT}: {n_broken:,} of {parsed.height:,} rows hold no user, no day, or a propensity that is not between 0 and 1 "
            f"(first: {parsed.filter(is_broken.fill_null(value=True)).row(0)}). Mend the log; a propensity of 1 has nobody to compare with."
        )
    first = parsed.sort("user", "assigned_on", "is_treated").group_by("user", maintain_order=True)
    return (
        first.agg(pl.col("assigned_on", "propensity").first(), pl.col("is_treated").first(), n=pl.col("is_treated").n_unique())
        .filter(pl.col("n") == 1)
        .select(*LOG_SCHEMA)
    )


def trial_outcomes(
    log: pl.DataFrame, user_days: pl.DataFrame, *, complete_until_on: date, window_days: int, value: ValueSettings
) -> pl.DataFrame:
    """Count what the users of a trial brought in the window after their day; only windows that have closed.

    Returns:
        `trial_outcomes`, by user; users that the log of events does not know are left out.
    """
    users = user_days.select("user_id", user=pl.col("user_id").cast(pl.String)).unique().sort("user_id")
    closed = log.filter(pl.col("assigned_on") + timedelta(days=window_days) <= complete_until_on)
    trial = users.join(closed, on="user", how="inner").drop("user")
    seen = run(query("revenue", "trial_outcomes", {"trial": trial, "user_days": user_days}, window_days=window_days)).sort("user_id")
    return seen.select("user_id", "assigned_on", "is_treated", "propensity", pl.Series("value", observed_value(seen, settings=value)))


def with_activity_before(outcomes: pl.DataFrame, user_days: Source) -> pl.DataFrame:
    """Add what was known of each user on the day of the arm; who had not been active before is left out."""
    known = run(user_activity_features(user_days, outcomes.select("user_id", cutoff_on="assigned_on")))
    return outcomes.join(known.drop("cutoff_on"), on="user_id", how="inner").sort("user_id")


def _refuse_unknown_arms(rows: pl.DataFrame, trial: TrialSettings) -> None:
    unknown = rows.filter(~pl.col(trial.arm).is_in([trial.treated, trial.control]).fill_null(value=False))
    if unknown.height:
        raise ConfigurationError(
            f"{WHAT}: {unknown.height:,} of {rows.height:,} rows have arm {unknown[trial.arm][0]!r}; "
            f"{trial.treated!r} and {trial.control!r} are configured (radar.trial.treated, radar.trial.control)."
        )

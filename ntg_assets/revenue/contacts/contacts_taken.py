"""What the CRM did of the contacts that it was given: sent, bounced, answered, not sent.

A contact was made when it was sent (or answered, which implies it) and did not bounce. A night of
which nothing was read back counts as intended: in doubt a person was contacted.
"""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.history.days import TAKEN_DAYS, day_files, read_days

SENT, BOUNCED, ANSWERED, NOT_SENT = STATUSES = ("sent", "bounced", "answered", "not_sent")
TAKEN_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "assigned_on": pl.Date,
    "status": pl.String,
    "arm": pl.String,
    "file_name": pl.String,
    "sha256": pl.String,
}


def kept_taken(history: Path, *, user_type: Any, before: date | None = None) -> pl.DataFrame:  # noqa: ANN401  # a type of polars
    """Read what was read back.

    Args:
        history: Folder of the history.
        user_type: Type of `user_id`.
        before: Nights before this day alone; None: all.

    Returns:
        `contacts_taken`, by night, user and status.
    """
    types = TAKEN_TYPES | {"user_id": user_type}
    paths = [
        file.path for file in day_files(history, TAKEN_DAYS) if before is None or file.day < before
    ]
    frames = [typed(frame, types) for frame in read_days(paths)]
    rows = pl.concat([pl.DataFrame(schema=types), *frames])
    return rows.sort("assigned_on", "user_id", "status")


def made_contacts(taken: pl.DataFrame) -> pl.DataFrame:
    """Say of each person and night that was read back whether a contact was made.

    Returns:
        `user_id`, `contacted_on`, `is_made`.
    """
    status = pl.col("status")
    reached = status.is_in([SENT, ANSWERED]).any() & ~(status == BOUNCED).any()
    nights = taken.group_by("user_id", contacted_on="assigned_on")
    return nights.agg(is_made=reached).sort("contacted_on", "user_id")


def with_reported(report: pl.DataFrame, trial: pl.DataFrame, taken: pl.DataFrame) -> pl.DataFrame:
    """Add to `persuadability_report` how many of the treated were reported, and how many of these
    were reached; everyone counts as drawn all the same.

    Args:
        report: What the trial says.
        trial: `trial_outcomes`.
        taken: `contacts_taken`.
    """
    treated = trial.filter("is_treated")
    made = made_contacts(taken)
    nights = made.select(assigned_on="contacted_on").unique()
    reported = treated.join(nights, on="assigned_on", how="semi")
    sent = reported.join(
        made.filter("is_made"),
        left_on=["user_id", "assigned_on"],
        right_on=["user_id", "contacted_on"],
        how="semi",
    )
    return report.with_columns(
        n_treated_reported=pl.lit(reported.height, pl.Int64),
        n_treated_sent=pl.lit(sent.height, pl.Int64),
    )

"""Contacts that people may have made of a list that was taken back."""

from datetime import date
from pathlib import Path

import polars as pl

from ntg_assets.history.currents import read_changes, taken_back
from ntg_assets.history.days import ASSIGNMENT_DAYS, day_files, read_days

CONTACT = "contact"


def contacts_taken_back(history: Path, day: date) -> pl.DataFrame:
    """Return who was to be contacted by lists of a day that were published and taken back.

    A list that is made anew for the same day must count them; a list that is merely repeated must
    not count its own.

    Returns:
        `listed_id`, `contacted_on`: one row per (strategy, user), in the order of the files.
    """
    names = {name for draws in taken_back(read_changes(history)).values() for name in draws}
    files = [
        file.path
        for file in day_files(history, ASSIGNMENT_DAYS)
        if file.day == day and file.path.name in names
    ]
    rows = [
        frame.filter(pl.col("arm") == CONTACT).select(
            listed_id=pl.col("user_id").cast(pl.String), contacted_on="assigned_on"
        )
        for frame in read_days(files)
    ]
    return pl.concat(
        [pl.DataFrame(schema={"listed_id": pl.String, "contacted_on": pl.Date}), *rows]
    )

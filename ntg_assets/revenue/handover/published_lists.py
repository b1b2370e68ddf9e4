"""Who was on the lists of the nights that a file of the CRM is about, and who was to be
contacted.
"""

from pathlib import Path

import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.history.days import ASSIGNMENT_DAYS, HANDED_DAYS, day_files, read_days
from ntg_assets.revenue.contacts.assignments import ARMS
from ntg_assets.revenue.handover.taken_rows import Report

CONTACT, HOLDOUT = ARMS
MOST_NAMED = 3


def drawn_for(rows: pl.DataFrame, history: Path, name: str) -> pl.DataFrame:
    """Read who was on the lists of the file's nights: `user_id` as text, `assigned_on`, `arm`."""
    nights = rows["assigned_on"].unique().sort()
    files = day_files(history, ASSIGNMENT_DAYS)
    missing = [day for day in nights if day not in {file.day for file in files}]
    if missing:
        n_rows = rows.filter(pl.col("assigned_on").is_in(missing)).height
        last = f"the last one is {files[-1].day}" if files else "none was ever published"
        raise SourceError(
            f"{name}: {n_rows:,} of {rows.height:,} rows are of {len(missing):,} nights that were"
            f" never published (first: {missing[0]}; {last}). Is the night that of the list, its"
            " cutoff?"
        )
    frames = read_days([file.path for file in files if file.day in nights])
    draws = pl.concat(
        frame.select(pl.col("user_id").cast(pl.String), "assigned_on", "arm") for frame in frames
    )
    # who was ever drawn for a contact that night was to be contacted
    return draws.group_by("user_id", "assigned_on").agg(arm=pl.col("arm").min())


def intended_by(drawn: pl.DataFrame, history: Path) -> pl.DataFrame:
    """Say whom the nights meant to contact: who was handed over; of a night before there was a
    hand-over, who was drawn.
    """
    nights = drawn["assigned_on"].unique()
    files = [file for file in day_files(history, HANDED_DAYS) if file.day in nights]
    handed = [
        frame.select(pl.col("user_id").cast(pl.String), assigned_on="handed_over_on")
        for frame in read_days([file.path for file in files])
    ]
    older = drawn.filter(
        pl.col("arm") == CONTACT, ~pl.col("assigned_on").is_in([file.day for file in files])
    )
    return pl.concat([older.select("user_id", "assigned_on"), *handed]).unique()


def on_their_lists(
    rows: pl.DataFrame, drawn: pl.DataFrame, report: Report
) -> tuple[pl.DataFrame, int]:
    """Give the rows of people who were on the lists of their night, and count the others.

    Raises:
        SourceError: there are others, and nobody said that they are to be left out.
    """
    key, name = ["user_id", "assigned_on"], report.file.name
    on_a_list = rows.join(drawn, on=key, how="inner", maintain_order="left")
    unknown = rows.join(drawn, on=key, how="anti", maintain_order="left")
    if unknown.height and (on_a_list.is_empty() or not report.leave_out_unknown):
        first = unknown["user_id"].head(MOST_NAMED).to_list()
        advice = (
            "Is it another list, or are its ids others?"
            if on_a_list.is_empty()
            else "Mend the file, or leave them out with `--leave-out-unknown`."
        )
        raise SourceError(
            f"{name}: {unknown.height:,} of {rows.height:,} rows name people who were on no list of"
            f" their night (first: {', '.join(map(repr, first))}). {advice}"
        )
    return on_a_list, unknown.height

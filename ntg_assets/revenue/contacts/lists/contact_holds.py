"""Reasons to withhold every contact list of the night: in doubt nobody is contacted.

Each source of such reasons is one function that yields `Hold`s; `hold_contacts` makes the table of
all of them. One row of it empties the lists, keeps anybody from being logged as contacted or held
out, and is told wherever people look. Everything else is published.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import polars as pl

from ntg_assets.revenue.contacts.lists.listed_rows import LISTS
from ntg_assets.subscriptions.terms.reading import KEY as SUBSCRIPTIONS

UNREADABLE, UNMATCHED, BELOW_USUAL = (
    "cannot be read",
    "names no user of the log",
    "is far below its usual level",
)
SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "rule": pl.String,
    "sentence": pl.String,
    "value": pl.Float64,
    "limit": pl.Float64,
}


class Hold(NamedTuple):
    """One reason to contact nobody.

    Attributes:
        source: Configuration key or table that it comes from.
        rule: What does not hold, in a few words.
        sentence: The reason, for people; it names the source.
        value: The number that was looked at; None where there is none.
        limit: From where on it is a reason.
    """

    source: str
    rule: str
    sentence: str
    value: float | None = None
    limit: float | None = None


def hold_contacts(holds: Iterable[Hold]) -> pl.DataFrame:
    """Make `contact_holds`: one row per reason, in the order given; no rows let the lists out."""
    return pl.DataFrame(list(holds), schema=SCHEMA, orient="row")


def list_holds(user_list_report: pl.DataFrame) -> Iterator[Hold]:
    """Yield a reason for each list of people who must not be contacted that cannot be relied on."""
    for row in user_list_report.filter(
        ~pl.col("is_usable") & pl.col("list").is_in(LISTS)
    ).iter_rows(named=True):
        was_read = row["n_rows"] > 0
        named = float(row["n_users"]) if was_read else None
        rule = UNMATCHED if was_read else UNREADABLE
        yield Hold(
            row["source"],
            rule,
            f"{row['source']}: {row['reason']}",
            named,
            1.0 if was_read else None,
        )


def volume_holds(volume_report: pl.DataFrame, *, limit: float) -> Iterator[Hold]:
    """Yield a reason for each measure of the log that ends far below its usual level: then everyone
    looks like leaving.

    Args:
        volume_report: Comparisons of the load, with their verdicts.
        limit: Share of the usual level from which down it is a reason.
    """
    held = volume_report.filter(pl.col("verdict") == "hold")
    for row in held.iter_rows(named=True):
        rule = f"{row['measure']} {BELOW_USUAL}"
        yield Hold("ingest.volume_report", rule, row["sentence"], row["ratio"], limit)


def describe_holds(holds: pl.DataFrame) -> str:
    """Say in one text why nobody is contacted."""
    return "; ".join(holds["sentence"])


def contract_holds(optional_sources: pl.DataFrame) -> Iterator[Hold]:
    """Yield a reason when contracts are configured and cannot be read: nobody knows whose ended."""
    for row in optional_sources.filter(
        (pl.col("source") == SUBSCRIPTIONS) & ~pl.col("is_usable")
    ).iter_rows(named=True):
        yield Hold(SUBSCRIPTIONS, UNREADABLE, f"{SUBSCRIPTIONS}: {row['sentence']}")

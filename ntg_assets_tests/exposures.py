"""Exposures and lists for the tests of the off-policy evaluation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy.report import Lists, report_off_policy
from ntg_assets.off_policy.slots import divide_slots

CUTOFF = datetime(2024, 6, 1)
ENOUGH = OffPolicySettings(minimum_effective_users=1, minimum_support_share=0.0)
SCHEMA: dict[str, Any] = {
    "user_id": pl.Int64,
    "item_id": pl.Int64,
    "shown_at": pl.Datetime("us"),
    "position": pl.Int64,
    "propensity": pl.Float64,
    "reward": pl.Float64,
}
Row = tuple[int, int, int | None, float, float]


def exposures(*rows: Row, first_at: datetime = CUTOFF) -> pl.DataFrame:
    """Exposures of (user, item, position, propensity, reward), a minute apart."""
    full = [
        (user, item, first_at + timedelta(minutes=n), *rest)
        for n, (user, item, *rest) in enumerate(rows)
    ]
    return pl.DataFrame(full, schema=SCHEMA, orient="row")


def lists_of(default: Sequence[int] = (), **strategies: dict[int, Sequence[int]]) -> Lists:
    """Lists by strategy and user; TRAIN knows the users who have one."""
    rows = [
        (name, user, rank, item)
        for name, lists in strategies.items()
        for user, items in lists.items()
        for rank, item in enumerate(items, start=1)
    ]
    shown = pl.DataFrame(
        rows,
        schema={"strategy": pl.String, "user_id": pl.Int64, "rank": pl.Int64, "item_id": pl.Int64},
        orient="row",
    )
    fallback = pl.DataFrame(
        {"rank": range(1, len(default) + 1), "item_id": default},
        schema={"rank": pl.Int64, "item_id": pl.Int64},
    )
    return Lists(
        shown, fallback, shown.select("user_id").unique(), shown.select("item_id").unique()
    )


def estimate(
    rows: pl.DataFrame,
    lists: Lists,
    *,
    list_length: int = 2,
    settings: OffPolicySettings = ENOUGH,
    minimum_users: int = 1,
) -> pl.DataFrame:
    """The report of some exposures."""
    slots = divide_slots(rows, cutoff_at=CUTOFF, list_length=list_length)
    return report_off_policy(
        slots, lists, settings=settings, list_length=list_length, minimum_users=minimum_users
    )[0]


def cell(
    report: pl.DataFrame, column: str, *, strategy: str = "graph", estimator: str = "ips"
) -> object:
    """One value of a report."""
    return report.filter((pl.col("strategy") == strategy) & (pl.col("estimator") == estimator))[
        column
    ].item()

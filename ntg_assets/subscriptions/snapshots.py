"""Contracts looked at from days of the past, and from the cutoff: what was known and followed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.subscriptions import SubscriptionSettings
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.sql import Query, Source, query


def snapshot_days(
    known: pl.DataFrame, *, cutoff_on: date, complete_until_on: date, settings: ChurnSettings
) -> list[date]:
    """List the days from which contracts are looked at: closed windows back from the cutoff, the
    cutoff itself last.

    Args:
        known: `known_terms`.
        cutoff_on: The stage's cutoff.
        complete_until_on: No window of the past reaches beyond it.
        settings: Horizon, step, number.
    """
    if known.is_empty():
        return [cutoff_on]
    first_on, step = known["started_on"].min(), timedelta(days=settings.snapshot_step_days)
    day = complete_until_on - timedelta(days=settings.horizon_days)
    days: list[date] = []
    while day > first_on and len(days) < settings.max_snapshots:  # type: ignore[operator]  # a date
        days.append(day)
        day -= step
    return [*days[::-1], cutoff_on]


def sampling_step(known: pl.DataFrame, days: list[date], *, max_rows: int) -> int:
    """Say of how many contracts one is looked at in the past, for about `max_rows` rows."""
    spans = known.group_by("contract_place").agg(
        start=pl.col("started_on").min(), end=pl.col("contract_end_on").last()
    )
    past = pl.Series(days[:-1], dtype=pl.Date)
    n_rows = (
        past.search_sorted(spans["end"].fill_null(days[-1]))
        - past.search_sorted(spans["start"], side="right")
    ).clip(lower_bound=0)
    return max(1, -(-int(n_rows.sum()) // max_rows))


def contract_states(known: Source, days: list[date], *, step: int) -> Query:
    """Say which contracts ran at each day, by what was known before it."""
    return query(
        "subscriptions",
        "contract_states",
        {
            "known_terms": known,
            "snapshots": pl.DataFrame({"snapshot_on": days}, schema={"snapshot_on": pl.Date}),
        },
        step=step,
        cutoff_on=days[-1],
    )


def contract_snapshots(states: Source, payments: Source, user_days: Source) -> Query:
    """Describe contracts and their users at every day they are looked at."""
    cutoffs = query("subscriptions", "looked_at_users", {"contract_states": states})
    return query(
        "subscriptions",
        "contract_snapshots",
        {
            "contract_states": states,
            "payments": query(
                "subscriptions",
                "contract_payments",
                {"contract_states": states, "payments": payments},
            ),
            # the hazard looks at a few of the features, by their names
            "activity": replace(user_activity_features(user_days, cutoffs), is_whole=False),
        },
    )


def contract_signals(
    states: Source, train_events: Source, *, settings: SubscriptionSettings
) -> Query:
    """Count the events that may announce an end; see `contract_signals.sql`."""
    return query(
        "subscriptions",
        "contract_signals",
        {
            "contract_states": states,
            "train_events": train_events,
            "signals": signal_types(settings.signals),
        },
    )


def signal_types(signals: Mapping[str, list[str]]) -> pl.DataFrame:
    """Lay out which event type is which signal."""
    rows = [(kind, name) for name, kinds in sorted(signals.items()) for kind in kinds]
    return pl.DataFrame(rows, schema={"event_type": pl.String, "signal": pl.String}, orient="row")


def with_signals(snapshots: pl.DataFrame, counted: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    """Add `signal:<name>` to snapshots: how often in the 30 days before."""
    for name in names:
        one = counted.filter(pl.col("signal") == name).select(
            "user_id", "snapshot_on", pl.col("n_events").alias(f"signal:{name}")
        )
        snapshots = snapshots.join(
            one, on=["user_id", "snapshot_on"], how="left", maintain_order="left"
        ).with_columns(pl.col(f"signal:{name}").fill_null(0))
    return snapshots

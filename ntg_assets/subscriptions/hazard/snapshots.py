"""Contracts looked at from days of the past, and from the cutoff: what was known and followed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import polars as pl

from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSettings
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.sql import Query, Source, query

MOST_ORIGINS = 4  # a horizon apart, at which the hazard is refitted and judged


def snapshot_days(
    terms: pl.DataFrame, *, cutoff_on: date, complete_until_on: date, settings: ChurnSettings
) -> list[date]:
    """List the days from which contracts are looked at: closed windows back from the cutoff, the
    cutoff itself last.

    Args:
        terms: `known_terms`.
        cutoff_on: The stage's cutoff.
        complete_until_on: No window of the past reaches beyond it.
        settings: Horizon, step, number.
    """
    if terms.is_empty():
        return [cutoff_on]
    first_on, step = terms["started_on"].min(), timedelta(days=settings.snapshot_step_days)
    day = complete_until_on - timedelta(days=settings.horizon_days)
    days: list[date] = []
    while day > first_on and len(days) < settings.max_snapshots:  # type: ignore[operator]  # a date
        days.append(day)
        day -= step
    return [*days[::-1], cutoff_on]


def sampling_steps(
    terms: pl.DataFrame, days: list[date], *, most: int, horizon_days: int
) -> list[int]:
    """Say at each day every how many-th contract is looked at.

    Half of `most` rows are of the days that the hazard will be judged at, the other half of all the
    others; at the cutoff, the last day, every contract is looked at.

    Args:
        terms: `known_terms`.
        days: Days from which contracts are looked at, the cutoff last.
        most: About so many rows of the past.
        horizon_days: Of the forecast.
    """
    running = _n_running(terms, days[:-1])
    origins = set(origin_days(days, horizon_days=horizon_days))
    is_origin = [day in origins for day in days[:-1]]
    n_rows = {False: 0, True: 0}
    for n, is_evaluated in zip(running, is_origin, strict=True):
        n_rows[is_evaluated] += n
    step = {is_evaluated: max(1, -(-2 * n // most)) for is_evaluated, n in n_rows.items()}
    return [*(step[is_evaluated] for is_evaluated in is_origin), 1]


def _n_running(terms: pl.DataFrame, days: Sequence[date]) -> list[int]:
    """How many contracts ran at each day."""
    spans = terms.group_by("contract_place").agg(
        start=pl.col("started_on").min(), end=pl.col("contract_end_on").last()
    )
    starts, ends = spans["start"].sort(), spans["end"].drop_nulls().sort()
    return [
        int(starts.search_sorted(day, side="left")) - int(ends.search_sorted(day, side="right"))
        for day in days
    ]


def origin_days(days: list[date], *, horizon_days: int) -> list[date]:
    """List the days, a horizon apart, at which the hazard is judged: the latest whose window has
    closed by the last of `days`.
    """
    chosen: list[date] = []
    for day in reversed(days[:-1]):
        later = chosen[-1] if chosen else days[-1]
        if len(chosen) < MOST_ORIGINS and day <= later - timedelta(days=horizon_days):
            chosen.append(day)
    return chosen[::-1]


def contract_states(terms: Source, days: list[date], *, steps: list[int]) -> Query:
    """Say which contracts ran at each day, by what was known before it.

    Args:
        terms: `known_terms`.
        days: Days from which contracts are looked at.
        steps: At each of them every how many-th contract is.
    """
    snapshots = pl.DataFrame(
        {"snapshot_on": days, "step": steps},
        schema={"snapshot_on": pl.Date, "step": pl.Int64},
    )
    return query(
        "subscriptions.hazard", "contract_states", {"known_terms": terms, "snapshots": snapshots}
    )


def contract_snapshots(states: Source, payments: Source, user_days: Source) -> Query:
    """Describe contracts and their users at every day they are looked at.

    Args:
        states: `contract_states`.
        payments: `subscription_payments`.
        user_days: `user_days` before the cutoff.
    """
    cutoffs = query("subscriptions.hazard", "looked_at_users", {"contract_states": states})
    activity = user_activity_features(user_days, cutoffs)
    return query(
        "subscriptions.hazard",
        "contract_snapshots",
        {
            "contract_states": states,
            "payments": _payments_before(states, payments),
            # the hazard looks at a few of the features, by their names
            "activity": replace(activity, is_whole=False),
        },
    )


def _payments_before(states: Source, payments: Source) -> Query:
    """Count the attempts to collect money in the days before each look at a contract."""
    tables = {"contract_states": states, "payments": payments}
    return query("subscriptions.hazard", "contract_payments", tables)


def contract_signals(
    states: Source, train_events: Source, *, settings: SubscriptionSettings
) -> Query:
    """Count the events that may announce an end; see `contract_signals.sql`.

    Args:
        states: `contract_states`.
        train_events: Events before the cutoff.
        settings: Which event types are which signal.
    """
    return query(
        "subscriptions.hazard",
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
    """Add `signal:<name>` to snapshots: how often in the 30 days before.

    Args:
        snapshots: `contract_snapshots`.
        counted: `contract_signals`.
        names: Which signals; 0 where nothing was counted.
    """
    for name in names:
        counts = counted.filter(pl.col("signal") == name).select(
            "user_id", "snapshot_on", pl.col("n_events").alias(f"signal:{name}")
        )
        snapshots = snapshots.join(
            counts, on=["user_id", "snapshot_on"], how="left", maintain_order="left"
        ).with_columns(pl.col(f"signal:{name}").fill_null(0))
    return snapshots

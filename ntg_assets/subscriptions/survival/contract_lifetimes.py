"""How many billing periods each contract lasted."""

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl

from ntg_assets.billing_days import day_numbers
from ntg_assets.subscriptions.hazard.pieces import Clock


def day_number(day: date) -> int:
    """Days since 1970."""
    return int(day_numbers(pl.Series([day]))[0])


def contract_lifetimes(terms: pl.DataFrame, *, cutoff: int) -> pl.DataFrame:
    """Say how many billing periods each contract lasted.

    Args:
        terms: `known_terms`.
        cutoff: Day (since 1970) before which everything is known.

    Returns:
        One row per contract: its first term, `periods` (whole ones, a last one that was not renewed
        included; the trial is none), `ended` and `contract_end_kind`.
    """
    first = terms.unique("contract_place", keep="first", maintain_order=True)
    clock = Clock.of(first.with_columns(snapshot_on=pl.lit(cutoff).cast(pl.Int32).cast(pl.Date)))
    ended = first["contract_end_on"].is_not_null().to_numpy() & (clock.end <= cutoff)
    last = np.where(ended, clock.end, cutoff)
    number = replace(clock, at=last).period
    return first.with_columns(
        periods=pl.Series(np.where(ended, number + 1, np.maximum(number, 0))),
        number=pl.Series(number),
        ended=pl.Series(ended),
    )

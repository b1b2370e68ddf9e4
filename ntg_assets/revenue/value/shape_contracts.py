"""Contracts of the ways of foreseeing value: what each told at past cutoffs, how much it counts."""

from typing import Any

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES

_TOLD = "What it foresaw; null where it could not be taken:"
_MONEY: dict[str, Any] = {"unit": "unit", "nullable": True, "ge": 0}
_SHARE: dict[str, Any] = {"unit": "share", "nullable": True, "ge": 0, "le": 1}


@contract("value_walk_forward")
class ValueWalkForward(Contract):
    """One row per (past cutoff, number of periods, user): what each way of foreseeing value would
    have said of everyone known, beside what they then brought; not discounted.
    """

    origin_on: pl.Date = column("Cutoff: nothing from it on was known", unit="date")
    user_id: str = identifier("user", "Who")
    n_periods: int = column("Churn horizons that are followed", ge=1)
    n_days: int = column("The same in days", unit="days", ge=1)
    closes_on: pl.Date = column("First day after them", unit="date")
    is_at_risk: bool = column("Whether the user was active in the at-risk window")
    recency_days: int = column("Days since the last active day", unit="days", ge=0)
    tenure_days: int = column("Days since the first active day", unit="days", ge=0)
    churn_probability: float = column(
        "P(churn) at the cutoff; null where no window had closed",
        unit="probability",
        nullable=True,
        ge=0,
        le=1,
    )
    is_silent_first: bool = column("Whether nothing happened in the first period")
    recent_value: float = column(
        "What the user had brought per churn horizon over the at-risk window", unit="unit", ge=0
    )
    seen_value: float = column(
        "What the user brought; a period counts at most three times the largest one known before",
        unit="unit",
        ge=0,
    )
    told_calibrated_bg_nbd: float = column(f"{_TOLD} calibrated_bg_nbd", **_MONEY)
    told_calibrated_pareto_nbd: float = column(f"{_TOLD} calibrated_pareto_nbd", **_MONEY)
    told_calibrated_returns: float = column(f"{_TOLD} calibrated_returns", **_MONEY)
    told_bg_nbd: float = column(f"{_TOLD} bg_nbd", **_MONEY)
    told_pareto_nbd: float = column(f"{_TOLD} pareto_nbd", **_MONEY)
    told_present_pace: float = column(f"{_TOLD} present_pace", **_MONEY)
    told_learned_pace: float = column(f"{_TOLD} learned_pace", **_MONEY)
    leaver_share_calibrated_bg_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_calibrated_pareto_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_calibrated_returns: float = column("R / V by it", **_SHARE)
    leaver_share_bg_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_pareto_nbd: float = column("R / V by it", **_SHARE)
    leaver_share_present_pace: float = column("R / V by it", **_SHARE)
    leaver_share_learned_pace: float = column("R / V by it", **_SHARE)

    class Config:
        unique = ["origin_on", "n_periods", "user_id"]


@contract("value_shapes")
class ValueShapes(Contract):
    """One row per way of foreseeing value: how much it counts tonight, by what earlier cuts of the
    log then brought, and how it is corrected.
    """

    candidate: str = column(
        "calibrated_*: the next horizon as modelled, carried on by BG/NBD, Pareto/NBD or a chain of"
        " returns; bg_nbd, pareto_nbd: expected visits x Gamma-Gamma; *_pace: the"
        " decayed pace of each user, with a half-life of one churn horizon or one learned",
        isin=CANDIDATES,
    )
    weight: float = column("Share of the forecast; all add up to 1", unit="share", ge=0, le=1)
    is_heaviest: bool = column("Whether none counts more")
    level_weight: float = column(
        "Share in the sum of all, which is the geometric mean of the corrected sums; all add up to"
        " 1",
        unit="share",
        ge=0,
        le=1,
    )
    misplaced_share: float = column(
        "Sum over deciles of |told - seen| over seen, mean of the earlier cuts by length; null:"
        " none could judge it",
        nullable=True,
        ge=0,
    )
    captured_share: float = column(
        "Loss that a radar of this way alone held at earlier cuts, over what exact worth and the"
        " same probabilities held, mean of the first 5%, 10%, 20%; null: nothing was lost",
        unit="share",
        nullable=True,
        ge=0,
        le=1,
    )
    told_over_seen: float = column(
        "Told over seen, in all, before the correction; null: no earlier cut", nullable=True, ge=0
    )
    log_level: float = column("ln(seen / told) at one period, shrunk to 0")
    log_trend: float = column("Its change per doubling of the span, shrunk to 0")
    correction: float = column("Factor on the forecast of the stated horizon", gt=0)
    spread_power: float = column(
        "Power on the forecasts of users, relative to their mean: below 1 brings them together",
        gt=0,
    )
    spread_floor: float = column(
        "Share of the sum that everybody has alike", unit="share", ge=0, lt=1
    )
    log_spread: float = column("Spread of ln(seen / told) from cut to cut", ge=0)
    n_origins: int = column("Earlier cuts that judge it", ge=0)
    longest_days: int = column("Longest span that has closed", unit="days", ge=0)
    first_origin_on: pl.Date = column("First of the cuts", unit="date", nullable=True)
    last_closed_on: pl.Date = column("Last day that they look at", unit="date", nullable=True)

    class Config:
        unique = ["candidate"]

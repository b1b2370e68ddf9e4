"""Made worlds on which value over a long horizon is judged: users who fade, lives that follow a
Weibull law with frailty while prices jump, seasons.

    python -m benchmarks.churn --only value

Nothing of NTG is fitted to them; each gives `user_days` with amounts.
"""

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.randomness import random_stream

SEED = 20260101
FIRST_DAY = date(2022, 1, 1)
PRICE_JUMP = (420.0, 1.35)  # day of the log, factor from then on
YEAR = 365.25


def fading(n_users: int = 3_000, n_days: int = 240) -> pl.DataFrame:
    """Messages: every day by chance, and less from day to day since joining."""
    rng = random_stream(SEED, "value world fading")
    rows = []
    for user in range(n_users):
        joined, pace, fade = rng.integers(0, 150), rng.beta(1.5, 3), rng.gamma(2, 18)
        days = np.arange(joined, n_days)
        came = rng.random(len(days)) < pace * np.exp(-(days - joined) / fade)
        rows.append(_visits(user, days[came | (days == joined)].astype(np.float64), 1.0))
    return _user_days(rows, n_days)


def weibull_with_a_price_jump(n_users: int = 3_000, n_days: int = 800) -> pl.DataFrame:
    """Purchases: lives of a falling hazard that differs between users, prices that jump once."""
    rng = random_stream(SEED, "value world weibull")

    def life() -> float:
        return float(rng.weibull(0.6) * 200 * rng.gamma(2, 0.5))

    rows = []
    for user in range(n_users):
        at = _renewals(rng, rng.uniform(0, n_days - 40), life(), rng.gamma(1.5, 14), n_days)
        amounts = rng.lognormal(3.0 + rng.normal(0, 0.5), 0.5, len(at))
        rows.append(_visits(user, at, np.where(at > PRICE_JUMP[0], PRICE_JUMP[1], 1.0) * amounts))
    return _user_days(rows, n_days)


def seasons(n_users: int = 3_000, n_days: int = 1_100) -> pl.DataFrame:
    """Purchases: a constant hazard of leaving, and a year in which the pace moves by a half."""
    rng = random_stream(SEED, "value world seasons")
    rows = []
    for user in range(n_users):
        life = float(rng.exponential(400))
        at = _renewals(rng, rng.uniform(0, n_days - 100), life, rng.gamma(2, 7), n_days)
        kept = rng.random(len(at)) < 0.75 + 0.25 * np.sin(2 * np.pi * at / YEAR)
        kept[0] = True
        amounts = rng.lognormal(3.0 + rng.normal(0, 0.4), 0.6, len(at))
        rows.append(_visits(user, at[kept], amounts[kept]))
    return _user_days(rows, n_days)


WORLDS: dict[str, Callable[[], pl.DataFrame]] = {
    "fading": fading,
    "weibull_with_a_price_jump": weibull_with_a_price_jump,
    "seasons": seasons,
}


def _renewals(
    rng: np.random.Generator, joined: float, life: float, mean_gap: float, n_days: int
) -> Floats:
    """Days of visits from joining on, at gaps of a Gamma law, until the user leaves."""
    gap = max(mean_gap, 0.5)
    gaps = rng.gamma(1.5, gap / 1.5, int(4 * n_days / gap) + 20)
    at = joined + np.concatenate([[0.0], np.cumsum(gaps)])
    return at[(at < min(n_days, joined + life)) | (at == joined)]


def _visits(user: int, at: Floats, amounts: Floats | float) -> tuple[Floats, Floats, Floats]:
    return np.full(len(at), float(user)), np.floor(at), np.broadcast_to(amounts, len(at)).copy()


def _user_days(rows: list[tuple[Floats, Floats, Floats]], n_days: int) -> pl.DataFrame:
    user, day, amount = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    visits = pl.DataFrame({"user_id": user, "day": day, "value": amount}).filter(
        pl.col("day") < n_days
    )
    return as_user_days(
        visits.select(
            pl.col("user_id").cast(pl.Int64),
            active_on=pl.lit(FIRST_DAY) + pl.duration(days=pl.col("day").cast(pl.Int64)),
            value="value",
        )
    )


def as_user_days(visits: pl.DataFrame) -> pl.DataFrame:
    """`user_days` of (user_id, active_on, value)."""
    n_visits = pl.len().cast(pl.Int64)
    return (
        visits.group_by("user_id", "active_on")
        .agg(
            n_events=n_visits,
            n_items=n_visits,
            engagement=pl.len().cast(pl.Float64),
            value_sum=pl.col("value").sum(),
        )
        .sort("user_id", "active_on")
    )

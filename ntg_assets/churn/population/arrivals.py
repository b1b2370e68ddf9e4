"""Whether those who joined, or came back, of late are like those who did so before them.

What is foreseen of them is what earlier ones did: their own days say next to nothing yet. After a
campaign, in the month of gifts, or after a mailing that everyone who was gone looks into once, that
is wrong for half of a log at once. Two things can be seen tonight. How many arrived, and how many
of them have come again by now, held against the earlier ones at the same ages: with F_b(a) the
share of those who arrived in the horizon b (up to `MOST_BLOCKS` of them) that had come again within
a days,

    r_b = mean over those of late of F_b(age),     usual = mean over b of r_b, each by its users
    z = ln(seen / usual) / sqrt(spread of ln r_b from horizon to horizon ^2 + 1 / returns)

They are told as others where seen and usual are a factor of `LEAST_FACTOR` and `LEAST_Z` errors
apart, and as a crowd where more than `SURGE` times as many arrived as usual. Who comes back does so
from a silence of the at-risk window.
"""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.churn.snapshots import History
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.sql import Query, Source, query

MOST_BLOCKS, FEWEST_BLOCKS = 8, 2  # earlier horizons
FEWEST_USERS = 30  # who arrived of late, and before; in a horizon that says how far such differ
LEAST_SHARE = 0.1  # of the users at risk that arrived of late: fewer change no list
LEAST_FACTOR, LEAST_Z = 1.3, 3.0
SURGE, SURGE_SHARE = 3.0, 0.2  # times as many as arrived in the usual horizon; of those at risk
# of ln(share that came again) from horizon to horizon; counts as so many horizons
USUAL_SPREAD, USUAL_COUNTS = 0.1, 2.0


class Arrivals(NamedTuple):
    """Who joined, or came back, in the last horizon.

    Attributes:
        n_users: How many.
        n_at_risk: All users at risk, these among them.
        usual_users: How many did in an earlier horizon (median).
        returned: Share of them that has come again.
        usual: Share of the earlier ones that had, at the same ages; None of fewer than
            `FEWEST_USERS`.
        z: ln(returned / usual) in standard errors.
    """

    n_users: int
    n_at_risk: int
    usual_users: float
    returned: float
    usual: float | None
    z: float


def arrivals(user_days: Source, history: History, *, settings: ChurnSettings) -> Query:
    """Count who arrived when, and after how many days they came again; see `arrivals.sql`."""
    window = settings.at_risk_window_days
    at_risk_from = history.cutoff_on - timedelta(days=window)
    sources = {"user_days": user_days}
    return query(
        "churn.population", "arrivals", sources, silent_days=window, at_risk_from=at_risk_from
    )


def compare_arrivals(
    counts: pl.DataFrame, history: History, *, is_new: bool, settings: ChurnSettings
) -> Arrivals | None:
    """Hold those who arrived in the last horizon against those who did before.

    Args:
        counts: `arrivals`.
        history: Span of the log. Its first horizon is left out, where everybody looks new; for
            those who came back its first at-risk window too, in which nobody could.
        is_new: Whether those who joined are compared, or those who came back.
        settings: Horizon and at-risk window.

    Returns:
        None where fewer than `FEWEST_BLOCKS` earlier horizons are known, or few arrived of late.
    """
    horizon_days = settings.horizon_days
    first = horizon_days + (0 if is_new else settings.at_risk_window_days)
    mine = counts.filter(pl.col("is_new") == is_new)
    blocks = [
        _arrived(mine, first_on, end_on)
        for first_on, end_on in _earlier(history, horizon_days, first_days=first)
    ]
    newest = _arrived(mine, history.cutoff_on - timedelta(days=horizon_days), history.cutoff_on)
    sizes = np.array([int(block["n_users"].sum()) for block in blocks])
    n_users = int(newest["n_users"].sum())
    if len(blocks) < FEWEST_BLOCKS or n_users < FEWEST_USERS:
        return None
    came = newest.filter(pl.col("again_after_days").is_not_null())["n_users"].sum() / n_users
    late = Arrivals(n_users, _n_at_risk(counts), float(np.median(sizes)), float(came), None, 0.0)
    if sizes.sum() < FEWEST_USERS:
        return late
    ages = newest.select((pl.lit(history.cutoff_on) - pl.col("arrived_on")).dt.total_days() - 1)
    days, weights = ages.to_series().to_numpy(), newest["n_users"].to_numpy()
    usual = _share_at(pl.concat(blocks), days, weights)
    large = [b for b, size in zip(blocks, sizes, strict=True) if size >= FEWEST_USERS]
    spread = _spread(np.array([_share_at(block, days, weights) for block in large]))
    return late._replace(usual=usual, z=_z(late.returned, usual, spread, n_users))


def describe_arrivals(late: Arrivals | None, *, is_new: bool, horizon_days: int) -> str:
    """Say that those who arrived of late are others than before, or a crowd; empty where they are
    as usual, or too few to matter.
    """
    if late is None or late.n_users < LEAST_SHARE * late.n_at_risk:
        return ""
    what = "joined" if is_new else "came back from a silence of the at-risk window"
    who = (
        f"{late.n_users:,} of {late.n_at_risk:,} users at risk {what} in the last"
        f" {horizon_days} days (usual: {late.usual_users:,.0f}), and {late.returned:.0%} of them"
        f" have come again{_before_them(late)}"
    )
    factor = late.returned / late.usual if late.usual else 1.0
    if abs(late.z) >= LEAST_Z and not 1 / LEAST_FACTOR < factor < LEAST_FACTOR:
        low, high = ("low", "high") if factor < 1 else ("high", "low")
        return (
            f"{who}. They are others than those whom churn and value were learned from (a campaign,"
            f" gifts, another channel): their churn is foreseen too {low} and their value too"
            f" {high}."
        )
    if late.n_users >= max(SURGE * late.usual_users, SURGE_SHARE * late.n_at_risk):
        return (
            f"{who}. What is foreseen of such a crowd is what earlier ones did, whoever these are"
            " (a campaign, a new market, ids that were renamed)."
        )
    return ""


def _before_them(late: Arrivals) -> str:
    return "" if late.usual is None else f" (before them {late.usual:.0%} had at the same age)"


def _earlier(history: History, horizon_days: int, *, first_days: int) -> list[tuple[date, date]]:
    """Horizons before the last one, newest first, but for the first days of the log."""
    ends = (
        history.cutoff_on - timedelta(days=number * horizon_days)
        for number in range(1, MOST_BLOCKS + 1)
    )
    earliest = history.start_on + timedelta(days=first_days)
    spans = [(end - timedelta(days=horizon_days), end) for end in ends]
    return [(first, end) for first, end in spans if first >= earliest]


def _arrived(counts: pl.DataFrame, first_on: date, end_on: date) -> pl.DataFrame:
    """Who arrived on the days `[first_on, end_on)`."""
    return counts.filter(pl.col("arrived_on").is_between(first_on, end_on, closed="left"))


def _n_at_risk(counts: pl.DataFrame) -> int:
    """Users at risk: each joined once."""
    return int(counts.filter("is_new", "is_at_risk")["n_users"].sum())


def _share_at(block: pl.DataFrame, ages: Longs, weights: Longs) -> float:
    """Share of a block that came again within the ages of others, shape (rows,), weighed."""
    after = block.filter(pl.col("again_after_days").is_not_null()).sort("again_after_days")
    upto = np.cumsum(after["n_users"].to_numpy())
    place = np.searchsorted(after["again_after_days"].to_numpy(), ages, side="right")
    share = np.concatenate([[0], upto])[place] / block["n_users"].sum()
    return float(np.average(share, weights=weights))


def _spread(shares: Floats) -> float:
    """Variance of ln(share) from horizon to horizon, and of the mean of so many."""
    logs = np.log(shares[shares > 0])
    if not len(logs):
        return 2 * USUAL_SPREAD**2
    squares = USUAL_COUNTS * USUAL_SPREAD**2 + float(((logs - logs.mean()) ** 2).sum())
    return squares / (USUAL_COUNTS + len(logs) - 1) * (1 + 1 / len(logs))


def _z(seen: float, usual: float, spread: float, n_users: int) -> float:
    if usual <= 0:
        return 0.0
    least = 1 / (2 * n_users)  # half a user: a share of nobody has a logarithm
    error = np.sqrt(spread + (1 - usual) / (usual * n_users))
    return float((np.log(max(seen, least)) - np.log(usual)) / error)

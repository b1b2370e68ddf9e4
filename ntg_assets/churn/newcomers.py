"""Whether those who joined of late are like those who joined before them.

What is foreseen of newcomers is what earlier newcomers did: their own days say next to nothing yet.
After a campaign, or in the month of gifts, that is wrong for half of a log at once. Two things can
be seen tonight. How many joined, and how many of them have come again by now, held against the
earlier ones at the same ages: with F_b(a) the share of those who joined in the horizon b (up to
`MOST_BLOCKS` of them) that had come again within a days,

    usual = mean over b of r_b,   r_b = mean over newcomers of F_b(age)
    z = ln(seen / usual) / sqrt(spread of ln r_b from horizon to horizon ^2 + 1 / returns)

They are told as others where seen and usual are a factor of `LEAST_FACTOR` and `LEAST_Z` errors
apart, and as not known yet where more than `SURGE` times as many joined as usual and too few could
have come again.
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
FEWEST_USERS = 30  # who joined in a horizon
LEAST_SHARE = 0.1  # of the users at risk that joined of late: fewer change no list
LEAST_FACTOR, LEAST_Z = 1.3, 3.0
SURGE = 3.0  # times as many as joined in the usual horizon
FEWEST_RETURNS = 20.0  # expected by now: of fewer nothing is known yet
# of ln(share that came again) from horizon to horizon; counts as so many horizons
USUAL_SPREAD, USUAL_COUNTS = 0.1, 2.0


class Newcomers(NamedTuple):
    """Who joined in the last horizon.

    Attributes:
        n_users: How many.
        n_at_risk: All users at risk, these among them.
        usual_users: How many joined in an earlier horizon (median).
        returned: Share of them that has come again.
        usual: Share of the earlier ones that had, at the same ages.
        z: ln(returned / usual) in standard errors.
    """

    n_users: int
    n_at_risk: int
    usual_users: float
    returned: float
    usual: float
    z: float


def newcomer_returns(user_days: Source, history: History, *, settings: ChurnSettings) -> Query:
    """Count who joined when, and after how many days they came again; see the SQL."""
    at_risk_from = history.cutoff_on - timedelta(days=settings.at_risk_window_days)
    return query("churn", "newcomer_returns", {"user_days": user_days}, at_risk_from=at_risk_from)


def compare_newcomers(
    returns: pl.DataFrame, history: History, *, horizon_days: int
) -> Newcomers | None:
    """Hold those who joined in the last horizon against those who joined before.

    Args:
        returns: `newcomer_returns`.
        history: Span of the log. Its first horizon is left out: there everybody looks new.
        horizon_days: The churn horizon.

    Returns:
        None where fewer than `FEWEST_BLOCKS` earlier horizons, or only few newcomers, are known.
    """
    blocks = [
        block
        for first_on, end_on in _earlier(history, horizon_days)
        if (block := _joined(returns, first_on, end_on))["n_users"].sum() >= FEWEST_USERS
    ]
    newest = _joined(returns, history.cutoff_on - timedelta(days=horizon_days), history.cutoff_on)
    n_users = int(newest["n_users"].sum())
    if len(blocks) < FEWEST_BLOCKS or n_users < FEWEST_USERS:
        return None
    counts = newest["n_users"].to_numpy()
    ages = (pl.lit(history.cutoff_on) - pl.col("joined_on")).dt.total_days() - 1
    seen = float(newest.filter(pl.col("returned_after_days") <= ages)["n_users"].sum()) / n_users
    days = newest.select(ages.alias("age"))["age"].to_numpy()
    usual = np.array([_share_at(block, days, counts) for block in blocks])
    mean = float(usual.mean())
    return Newcomers(
        n_users,
        int(returns.filter("is_at_risk")["n_users"].sum()),
        float(np.median([block["n_users"].sum() for block in blocks])),
        seen,
        mean,
        _z(seen, usual, n_users),
    )


def tell_newcomers(newcomers: Newcomers | None, *, horizon_days: int) -> str:
    """Say that newcomers are others than before, or not known yet; empty where they are as usual,
    or too few to matter.
    """
    if newcomers is None or newcomers.n_users < LEAST_SHARE * newcomers.n_at_risk:
        return ""
    who = (
        f"{newcomers.n_users:,} of {newcomers.n_at_risk:,} users at risk joined in the last"
        f" {horizon_days} days (usual: {newcomers.usual_users:,.0f})"
    )
    factor = newcomers.returned / newcomers.usual if newcomers.usual > 0 else 1.0
    if abs(newcomers.z) >= LEAST_Z and not 1 / LEAST_FACTOR < factor < LEAST_FACTOR:
        way = (
            "too low and their value too high" if factor < 1 else "too high and their value too low"
        )
        return (
            f"{who}: {newcomers.returned:.0%} of them have come again, of those who joined before"
            f" {newcomers.usual:.0%} had at the same age. They are others than those whom churn and"
            f" value were learned from (a campaign, gifts, another channel): their churn is"
            f" foreseen {way}."
        )
    if (
        newcomers.n_users >= SURGE * newcomers.usual_users
        and newcomers.usual * newcomers.n_users < FEWEST_RETURNS
    ):
        return (
            f"{who}, so late that nothing says yet whether they come again as those before them"
            " did: their churn and value are those of earlier newcomers."
        )
    return ""


def _earlier(history: History, horizon_days: int) -> list[tuple[date, date]]:
    """Horizons before the last one, newest first, but for the first one of the log."""
    ends = (
        history.cutoff_on - timedelta(days=number * horizon_days)
        for number in range(1, MOST_BLOCKS + 1)
    )
    earliest = history.start_on + timedelta(days=horizon_days)
    spans = [(end - timedelta(days=horizon_days), end) for end in ends]
    return [(first, end) for first, end in spans if first >= earliest]


def _joined(returns: pl.DataFrame, first_on: date, end_on: date) -> pl.DataFrame:
    """Who joined on the days `[first_on, end_on)`."""
    return returns.filter(pl.col("joined_on").is_between(first_on, end_on, closed="left"))


def _share_at(block: pl.DataFrame, ages: Longs, counts: Longs) -> float:
    """Share of a block that came again within the ages of others, shape (rows,), weighed."""
    after = block.filter(pl.col("returned_after_days").is_not_null()).sort("returned_after_days")
    upto = np.cumsum(after["n_users"].to_numpy())
    place = np.searchsorted(after["returned_after_days"].to_numpy(), ages, side="right")
    share = np.concatenate([[0], upto])[place] / block["n_users"].sum()
    return float(np.average(share, weights=counts))


def _z(seen: float, usual: Floats, n_users: int) -> float:
    mean = float(usual.mean())
    if mean <= 0:
        return 0.0
    least = 1 / (2 * n_users)  # half a user: a share of nobody has a logarithm
    logs = np.log(np.maximum(usual, least))
    spread = (USUAL_COUNTS * USUAL_SPREAD**2 + float(((logs - logs.mean()) ** 2).sum())) / (
        USUAL_COUNTS + len(logs) - 1
    )
    error = np.sqrt(spread * (1 + 1 / len(logs)) + (1 - mean) / (mean * n_users))
    return float((np.log(max(seen, least)) - np.log(mean)) / error)

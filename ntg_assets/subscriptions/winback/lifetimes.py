"""How long a contract lasts that somebody signs who comes back: the shifted beta-geometric law, by
billing period.

It is that of contracts of people who had come back before where enough of them have ended, else
that of all contracts; the table says which.
"""

from typing import Any

import numpy as np
import polars as pl
from scipy.special import betaln

from ntg_assets.arrays import Floats
from ntg_assets.subscriptions.survival.beta_geometric import fit_beta_geometric
from ntg_assets.subscriptions.survival.contract_lifetimes import contract_lifetimes

MIN_ENDS = 50  # of returners' contracts; below it all contracts speak for them
OF_RETURNERS, OF_ALL = BASES = ("contracts of people who came back", "all contracts")
LIFETIME_TYPES: dict[str, Any] = {
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "basis": pl.String,
    "alpha": pl.Float64,
    "beta": pl.Float64,
    "n_contracts": pl.Int64,
    "n_ended": pl.Int64,
}


def return_lifetimes(terms: pl.DataFrame, *, cutoff: int) -> pl.DataFrame:
    """Fit the law of each billing period.

    Args:
        terms: `known_terms`.
        cutoff: Day (since 1970) before which everything is known.

    Returns:
        `return_lifetimes`, by billing period; one of which no contract has come to a renewal yet
        has the law that nothing is known of (alpha = beta = 1/2).
    """
    if terms.is_empty():
        return pl.DataFrame(schema=LIFETIME_TYPES)
    paid = contract_lifetimes(terms, cutoff=cutoff).filter(
        (pl.col("number") >= 0) & (pl.col("periods") > 0)
    )
    period = ["period_months", "period_days"]
    rows = [
        (*of, *_law(paid.filter(pl.col(period[0]) == of[0], pl.col(period[1]) == of[1])))
        for of in terms.select(period).unique().sort(period).rows()
    ]
    return pl.DataFrame(rows, schema=LIFETIME_TYPES, orient="row")


def _law(lives: pl.DataFrame) -> tuple[str, float, float, int, int]:
    back = lives.filter(pl.col("n_contracts_before") > 0)
    has_enough = int(back["ended"].sum()) >= MIN_ENDS
    rows = back if has_enough else lives
    ended = rows["ended"].cast(pl.Float64).to_numpy()
    alpha, beta = fit_beta_geometric(rows["periods"].to_numpy(), ended)
    return OF_RETURNERS if has_enough else OF_ALL, alpha, beta, rows.height, int(ended.sum())


def survival(alpha: float, beta: float, n_periods: int) -> Floats:
    """Chance that a contract is renewed after 0, 1, ... paid periods: B(alpha, beta + k) / B(alpha,
    beta).

    Args:
        alpha: Of the shifted beta-geometric law.
        beta: Likewise.
        n_periods: How many entries are wanted.
    """
    k = np.arange(n_periods)
    chances: Floats = np.exp(betaln(alpha, beta + k) - betaln(alpha, beta))
    return chances

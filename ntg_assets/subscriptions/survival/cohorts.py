"""How long contracts last: life tables by plan and start, with intervals.

In period n a contract is at risk when it has come to the end of that period or ended in it; one
that runs in the middle of a period says nothing of it yet. The retention after n periods is the
product of what the hazards leave, its interval that of Greenwood on the log-log scale.

Source: Kaplan and Meier 1958, "Nonparametric estimation from incomplete observations"; Kalbfleisch
and Prentice 2002, "The statistical analysis of failure time data", section 1.4 (log-log interval).
"""

from typing import Any

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.statistics.glm import Z_95
from ntg_assets.subscriptions.survival.contract_lifetimes import contract_lifetimes
from ntg_assets.subscriptions.terms.contracts import KINDS

ALL = "all"
MIN_AT_RISK = 20  # a hazard of fewer contracts is not shown
COHORT_TYPES: dict[str, Any] = {
    "dimension": pl.String,
    "cohort": pl.String,
    "period": pl.Int64,
    "n_at_risk": pl.Int64,
    "n_ended": pl.Int64,
    "n_cancelled": pl.Int64,
    "n_payment_failed": pl.Int64,
    "hazard": pl.Float64,
    "retention": pl.Float64,
    "retention_low": pl.Float64,
    "retention_high": pl.Float64,
}


def contract_cohorts(terms: pl.DataFrame, *, cutoff: int) -> pl.DataFrame:
    """Make the life tables of all contracts, of each plan and of each quarter of starts.

    Trials that were not converted never began to pay and are left out; the funnel counts them.

    Args:
        terms: `known_terms`.
        cutoff: Day (since 1970) before which everything is known.

    Returns:
        `contract_cohorts`, by dimension, cohort and period (1 is the first that is paid).
    """
    lives = contract_lifetimes(terms, cutoff=cutoff).filter(pl.col("number") >= 0)
    cohorts = pl.concat(_by_dimension(lives)).group_by("dimension", "cohort", maintain_order=True)
    tables = [
        life_table(rows).with_columns(dimension=pl.lit(dimension), cohort=pl.lit(cohort))
        for (dimension, cohort), rows in cohorts
    ]
    empty = pl.DataFrame(schema=COHORT_TYPES)
    made = pl.concat([empty, *(table.select(_cast()) for table in tables)])
    return made.filter(pl.col("n_at_risk") >= MIN_AT_RISK).sort("dimension", "cohort", "period")


def _by_dimension(lives: pl.DataFrame) -> list[pl.DataFrame]:
    """The same contracts once for each dimension, with the cohort that they are of in it."""
    start = pl.col("contract_started_on")
    quarter = pl.format("{}-Q{}", start.dt.year(), start.dt.quarter())
    return [
        lives.select(pl.lit(name).alias("dimension"), cohort.alias("cohort"), *_NEEDED)
        for name, cohort in (
            (ALL, pl.lit(ALL)),
            ("plan", pl.col("plan")),
            ("start_quarter", quarter),
        )
    ]


def _cast() -> list[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in COHORT_TYPES.items()]


_NEEDED = ("periods", "ended", "contract_end_kind")


def life_table(lives: pl.DataFrame) -> pl.DataFrame:
    """Make one life table.

    Args:
        lives: `periods` (whole ones; of an ended contract the last included), `ended`,
            `contract_end_kind`.

    Returns:
        By period from 1: counts, hazard, retention with its 95% interval.
    """
    periods, ended = lives["periods"].to_numpy(), lives["ended"].to_numpy()
    longest = int(periods.max(initial=0))

    def count(chosen: Flags) -> Longs:
        return np.bincount(periods[chosen], minlength=longest + 1)[1:]

    at_risk = np.bincount(periods, minlength=longest + 1)[::-1].cumsum()[::-1][1:]
    is_kind = {
        kind: (lives["contract_end_kind"] == kind).fill_null(value=False).to_numpy()
        for kind in KINDS
    }
    n_ended = count(ended)
    hazard = n_ended / np.maximum(at_risk, 1)
    retention = np.cumprod(1 - hazard)
    low, high = _greenwood(retention, n_ended, at_risk)
    return pl.DataFrame(
        {
            "period": np.arange(1, longest + 1),
            "n_at_risk": at_risk,
            "n_ended": n_ended,
            "n_cancelled": count(is_kind["cancelled"] & ended),
            "n_payment_failed": count(is_kind["payment_failed"] & ended),
            "hazard": hazard,
            "retention": retention,
            "retention_low": low,
            "retention_high": high,
        }
    ).with_columns(pl.col("retention_low", "retention_high").fill_nan(None))


def _greenwood(retention: Floats, n_ended: Longs, at_risk: Longs) -> tuple[Floats, Floats]:
    """95% interval of a retention on the log-log scale, period by period; NaN where nobody is left.

    Source: Kalbfleisch and Prentice 2002, section 1.4.
    """
    left = at_risk - n_ended
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(np.where(left > 0, n_ended / (at_risk * left), np.nan)))
        factor = Z_95 * spread / np.log(retention)
        low, high = retention ** np.exp(-factor), retention ** np.exp(factor)
    certain = retention == 1
    return np.where(certain, 1 - 1.0 * (at_risk <= 0), low), np.where(certain, 1.0, high)

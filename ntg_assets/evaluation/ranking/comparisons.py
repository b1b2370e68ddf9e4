"""Every strategy against every other one, user by user."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
import polars as pl

from ntg_assets.evaluation.ranking.report import USER_METRICS, RandomStream
from ntg_assets.statistics.bootstrap import mean_intervals

SCHEMA = {
    "split": pl.String,
    "strategy": pl.String,
    "baseline": pl.String,
    "metric": pl.String,
    "k": pl.Int64,
    "n_users": pl.Int64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "is_enough": pl.Boolean,
}


def compare_strategies(
    outcomes: pl.DataFrame, *, rng: RandomStream, samples: int, minimum_users: int
) -> pl.DataFrame:
    """Make `ranking_comparisons`: paired differences between all strategies,
    over users with history.

    Args:
        outcomes: `ranking_outcomes`.
        rng: Gives the seeded stream of a named use.
        samples: Resamples of users.
        minimum_users: With fewer users a row says that it supports no claim.
    """
    known = outcomes.filter("has_history")
    parts = [
        _compare(
            rows.sort("strategy", "user_id"),
            split,
            k,
            rng(f"ranking_comparisons:{split}:{k}"),
            samples,
            minimum_users,
        )
        for (split, k), rows in known.sort("split", "k", descending=[True, False]).group_by(
            "split", "k", maintain_order=True
        )
    ]
    return pl.concat(parts) if parts else pl.DataFrame(schema=SCHEMA)


def _compare(
    rows: pl.DataFrame,
    split: object,
    k: object,
    rng: np.random.Generator,
    samples: int,
    minimum_users: int,
) -> pl.DataFrame:
    strategies = rows["strategy"].unique().sort().to_list()
    n_users = rows["user_id"].n_unique()
    flat = rows.select(USER_METRICS).to_numpy()
    values = flat.reshape(len(strategies), n_users, len(USER_METRICS))
    pairs = list(permutations(range(len(strategies)), 2))
    if not pairs:
        return pl.DataFrame(schema=SCHEMA)
    differences = [values[ours] - values[theirs] for ours, theirs in pairs]
    interval = mean_intervals(np.concatenate(differences, axis=1), rng=rng, samples=samples)
    labels = _labels([(strategies[ours], strategies[theirs]) for ours, theirs in pairs])
    return labels.with_columns(
        split=pl.lit(split, pl.String),
        k=pl.lit(k, pl.Int64),
        n_users=pl.lit(n_users, pl.Int64),
        difference=interval.mean,
        difference_low=interval.low,
        difference_high=interval.high,
        is_enough=pl.lit(n_users >= minimum_users),
    ).select(list(SCHEMA))


def _labels(pairs: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """Name each difference: of two strategies, in one metric."""
    labels = [(*pair, metric) for pair in pairs for metric in USER_METRICS]
    return pl.DataFrame(labels, schema=["strategy", "baseline", "metric"], orient="row")

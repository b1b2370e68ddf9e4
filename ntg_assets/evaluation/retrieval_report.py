"""The retrieval report: how much of what users went on to take was among the candidates, and what each source adds."""

import numpy as np
import polars as pl

from ntg_assets.evaluation.ranking_outcomes import HeldOut, relevant_pairs
from ntg_assets.ranking.intervals import mean_intervals
from ntg_assets.taste.interactions import codes_of

ALL_SOURCES = "all"


def report_retrieval(
    held: HeldOut, *, candidates: pl.DataFrame, train: pl.DataFrame, allow_consumed: bool, rng: np.random.Generator, samples: int
) -> pl.DataFrame:
    """Measure the recall of candidates on one held-out part, in total and by source.

    Args:
        held: The held-out part.
        candidates: `candidates`.
        train: TRAIN events.
        allow_consumed: Whether candidates may be items that a user has had.
        rng: Seeded stream of the intervals.
        samples: Resamples.

    Returns:
        `retrieval_report` rows: `all` (the ceiling of any ranking) and each source. `marginal_recall` is what would be lost
        without the source.
    """
    relevant = relevant_pairs(held, train, allow_consumed=allow_consumed).join(train.select("user_id").unique(), on="user_id", how="semi")
    sources = candidates["source"].unique().sort().to_list()
    users = relevant["user_id"].unique().sort()
    if users.is_empty() or not sources:
        return pl.DataFrame(schema=RETRIEVAL_SCHEMA)
    recall, marginal = _recalls(relevant, candidates, users, sources)
    n_users, found = len(users), mean_intervals(np.concatenate([recall, marginal], axis=1), rng=rng, samples=samples)
    n_columns = len(sources) + 1
    per_user = _candidates_per_user(candidates, sources)
    columns = {"recall": slice(0, n_columns), "marginal_recall": slice(n_columns, 2 * n_columns)}
    frame = pl.DataFrame({"source": [ALL_SOURCES, *sources], "n_candidates_per_user": per_user})
    return frame.with_columns(
        pl.lit(held.split).alias("split"),
        pl.lit(n_users, pl.Int64).alias("n_users"),
        *(pl.Series(name, found.mean[part]) for name, part in columns.items()),
        *(pl.Series(f"{name}_low", found.low[part]) for name, part in columns.items()),
        *(pl.Series(f"{name}_high", found.high[part]) for name, part in columns.items()),
    ).select(list(RETRIEVAL_SCHEMA))


RETRIEVAL_SCHEMA = {
    "split": pl.String,
    "source": pl.String,
    "n_users": pl.Int64,
    "n_candidates_per_user": pl.Float64,
    "recall": pl.Float64,
    "recall_low": pl.Float64,
    "recall_high": pl.Float64,
    "marginal_recall": pl.Float64,
    "marginal_recall_low": pl.Float64,
    "marginal_recall_high": pl.Float64,
}


def _recalls(relevant: pl.DataFrame, candidates: pl.DataFrame, users: pl.Series, sources: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return recall and marginal recall: users x (all, each source)."""
    found = candidates.join(relevant, on=["user_id", "item_id"], how="semi")
    found = found.with_columns(n_sources=pl.len().over("user_id", "item_id"))
    n_relevant = np.bincount(codes_of(relevant["user_id"], known=users), minlength=len(users))

    def per_user(rows: pl.DataFrame) -> np.ndarray:
        return np.bincount(codes_of(rows["user_id"], known=users), minlength=len(users)) / n_relevant

    total = per_user(found.select("user_id", "item_id").unique())
    of_source = [found.filter(pl.col("source") == source) for source in sources]
    recall = np.stack([total, *(per_user(rows) for rows in of_source)], axis=1)
    alone = [per_user(rows.filter(pl.col("n_sources") == 1)) for rows in of_source]
    return recall, np.stack([total, *alone], axis=1)


def _candidates_per_user(candidates: pl.DataFrame, sources: list[str]) -> list[float]:
    n_users = candidates["user_id"].n_unique()
    by_source = dict(candidates.group_by("source").len().iter_rows())
    return [candidates.select("user_id", "item_id").n_unique() / n_users, *(by_source[source] / n_users for source in sources)]

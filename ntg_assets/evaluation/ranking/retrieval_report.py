"""The retrieval report: how much of what users went on to take was among the candidates,
and what each source adds.
"""

from collections.abc import Callable

import numpy as np
import polars as pl

from ntg_assets.arrays import codes_of
from ntg_assets.evaluation.ranking.held_out import HeldOut, relevant_pairs
from ntg_assets.sql import Query, Source, query
from ntg_assets.statistics.bootstrap import Interval, mean_intervals
from ntg_assets.storage.run import run

ALL_SOURCES = "all"


def report_retrieval(
    held: HeldOut,
    *,
    candidates: Source,
    train: pl.DataFrame,
    allow_consumed: bool,
    rng: np.random.Generator,
    samples: int,
    ask: Callable[[Query], pl.DataFrame] = run,
) -> pl.DataFrame:
    """Measure the recall of candidates on one held-out part, in total and by source.

    Args:
        held: The held-out part.
        candidates: `candidates`: a stored table too large for memory, or a frame.
        train: TRAIN events.
        allow_consumed: Whether candidates may be items that a user has had.
        rng: Seeded stream of the intervals.
        samples: Resamples.
        ask: Answers a query where `candidates` are stored.

    Returns:
        `retrieval_report` rows: `all` (the ceiling of any ranking) and each source.
        `marginal_recall` is what would be lost without the source.
    """
    relevant = relevant_pairs(held, train, allow_consumed=allow_consumed)
    relevant = relevant.join(train.select("user_id").unique(), on="user_id", how="semi")
    sizes = dict(ask(_candidate_sizes(candidates)).iter_rows())
    sources = sorted(sizes.keys() - {ALL_SOURCES})
    users = relevant["user_id"].unique().sort()
    if users.is_empty() or not sources:
        return pl.DataFrame(schema=RETRIEVAL_SCHEMA)
    hits = ask(_found_candidates(candidates, relevant))
    recall, marginal = _recalls(relevant, hits, users, sources)
    interval = mean_intervals(np.concatenate([recall, marginal], axis=1), rng=rng, samples=samples)
    names = [ALL_SOURCES, *sources]
    frame = pl.DataFrame(
        {
            "split": held.split,
            "source": names,
            "n_users": len(users),
            "cold_share": _cold_share(relevant, train),
            "n_candidates_per_user": [sizes[name] for name in names],
        },
        schema_overrides={"n_users": pl.Int64},
    )
    estimated = frame.with_columns(_estimates(interval, n_sources=len(names)))
    return estimated.select(list(RETRIEVAL_SCHEMA))


def _candidate_sizes(candidates: Source) -> Query:
    return query("evaluation.ranking", "candidate_sizes", {"candidates": candidates})


def _found_candidates(candidates: Source, relevant: pl.DataFrame) -> Query:
    tables: dict[str, Source] = {"candidates": candidates, "relevant": relevant}
    return query("evaluation.ranking", "found_candidates", tables)


def _estimates(interval: Interval, *, n_sources: int) -> list[pl.Series]:
    """Name recall, then marginal recall, of each source, with the ends of their intervals."""
    parts = {
        "recall": slice(0, n_sources),
        "marginal_recall": slice(n_sources, 2 * n_sources),
    }
    ends = {"": interval.mean, "_low": interval.low, "_high": interval.high}
    return [
        pl.Series(f"{name}{end}", values[part])
        for name, part in parts.items()
        for end, values in ends.items()
    ]


RETRIEVAL_SCHEMA = {
    "split": pl.String,
    "source": pl.String,
    "n_users": pl.Int64,
    "cold_share": pl.Float64,
    "n_candidates_per_user": pl.Float64,
    "recall": pl.Float64,
    "recall_low": pl.Float64,
    "recall_high": pl.Float64,
    "marginal_recall": pl.Float64,
    "marginal_recall_low": pl.Float64,
    "marginal_recall_high": pl.Float64,
}


def _cold_share(relevant: pl.DataFrame, train: pl.DataFrame) -> float:
    """Return the share of a user's relevant items that nobody had in TRAIN, mean over users."""
    is_cold = ~pl.col("item_id").is_in(train["item_id"].unique().implode())
    of_user = relevant.group_by("user_id").agg(share=is_cold.mean()).sort("user_id")
    return float(of_user["share"].to_numpy().mean())


def _recalls(
    relevant: pl.DataFrame, found: pl.DataFrame, users: pl.Series, sources: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Return recall and marginal recall: users x (all, each source)."""
    found = found.with_columns(n_sources=pl.len().over("user_id", "item_id"))
    n_relevant = np.bincount(codes_of(relevant["user_id"], known=users), minlength=len(users))

    def per_user(rows: pl.DataFrame) -> np.ndarray:
        return (
            np.bincount(codes_of(rows["user_id"], known=users), minlength=len(users)) / n_relevant
        )

    total = per_user(found.select("user_id", "item_id").unique())
    of_source = [found.filter(pl.col("source") == source) for source in sources]
    recall = np.stack([total, *(per_user(rows) for rows in of_source)], axis=1)
    alone = [per_user(rows.filter(pl.col("n_sources") == 1)) for rows in of_source]
    return recall, np.stack([total, *alone], axis=1)

"""Which sources earn their place in the blend,
and whether other weights of the taste graph would: judged inside TRAIN, TEST unseen.

    # MovieLens and, where it is installed, Complete Journey
    python -m benchmarks.sources
    python -m benchmarks.sources --config configs/mine.yaml     # any other log

Everything is learned and judged on the inner cuts of TRAIN and VAL, as `ranking_weights` is:
NDCG@10 of weights that a user did not teach. First each kind of source is left out and the rest is
learned anew. Then the taste graph is rebuilt with users' strengths, or with the age of their
events, in place of who had what. Differences are user by user, with 95% intervals.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Annotated, Any

import numpy as np
import polars as pl
import scipy.sparse as sp
import typer

from benchmarks.harness import RESULTS, command_line, report
from benchmarks.ranking import CASES, HELD_SHARE, configured_cases, cut, evaluate_cases
from benchmarks.ranking_peers import SEED
from ntg_assets.arrays import Floats
from ntg_assets.configuration.ranking import RankingSettings
from ntg_assets.configuration.taste import TasteSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.randomness import random_stream
from ntg_assets.ranking.learning.blend_fit import (
    Pull,
    cross_fitted,
    ndcg_of,
    returns_position,
)
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.inner_cut import InnerSlice, inner_slices
from ntg_assets.ranking.learning.inner_examples import collect_examples
from ntg_assets.ranking.learning.teaching import blended_settings
from ntg_assets.ranking.learning.weight_prior import weight_prior
from ntg_assets.ranking.scoring.popularity import return_window
from ntg_assets.ranking.scoring.sources import Source, configured_sources, graphs_of
from ntg_assets.statistics.bootstrap import mean_intervals
from ntg_assets.taste.neighbours import CountBlock, choose_neighbours, rows_at_once
from ntg_assets.taste.taste_graph import edge_table, guarded_nodes

SAMPLES = 2_000
WINDOWS_OF_HALF_LIFE = 3.0  # return windows after which an event counts half in the graph by age
Weigh = Callable[[Interactions], Floats]


def strengths(log: Interactions) -> Floats:
    """Weigh each row by log2(1 + events of its user with its item)."""
    pair = log.user.astype(np.int64) * log.n_items + log.item
    _, number, times = np.unique(pair, return_inverse=True, return_counts=True)
    return np.log2(1 + times)[number]


def recencies(log: Interactions) -> Floats:
    """Weigh each row by 0.5 ** (age / half-life),
    the half-life being some return windows of the log.
    """
    last = int(log.at.max(initial=0))
    return np.exp2(-(last - log.at) / (WINDOWS_OF_HALF_LIFE * return_window(log.at, now=last)))


WEIGHINGS: dict[str, Weigh] = {"strengths": strengths, "recencies": recencies}


def weighted_graph(log: Interactions, *, weigh: Weigh, taste: TasteSettings) -> pl.DataFrame:
    """Build the taste graph from weights: cosines of weighted users,
    with the guardrails and the shrinkage of the plain one.
    """
    nodes = guarded_nodes(log, settings=taste)
    matrix, support = nodes.matrix, nodes.matrix.support
    weight = weigh(log)[nodes.rows]
    length = np.sqrt(np.bincount(matrix.items, weight**2, minlength=matrix.n_items))
    # the lengths are then those of who had what
    scaled = weight * (np.sqrt(support) / length)[matrix.items]
    shape = (len(matrix.start) - 1, matrix.n_items)
    had, weighted = (
        sp.csr_array((values, matrix.items, matrix.start), shape=shape)
        for values in (np.ones(len(scaled), np.int32), scaled)
    )
    columns, at_once = (had.T.tocsr(), weighted.T.tocsr()), rows_at_once(matrix.n_items)
    firsts = range(0, matrix.n_items, at_once)
    blocks = (
        CountBlock(f, columns[0][f : f + at_once] @ had, columns[1][f : f + at_once] @ weighted)
        for f in firsts
    )
    options = {
        "k": taste.neighbours_per_item,
        "min_shared": taste.min_shared_users,
        "shrinkage": taste.shrinkage,
    }
    return edge_table(choose_neighbours(blocks, support=support, **options), nodes, log)  # type: ignore[arg-type]  # by name


def graphs_with(
    log: Interactions, *, taste: TasteSettings, seed: int, weigh: Weigh
) -> dict[str, pl.DataFrame]:
    """Make every graph of a log, the taste graph from weights."""
    return {
        **graphs_of(log, taste=taste, seed=seed),
        "taste": weighted_graph(log, weigh=weigh, taste=taste),
    }


def judged(
    examples: Examples, sources: list[Source], kept: list[int], *, settings: RankingSettings
) -> Floats:
    """Return each label user's NDCG with weights of some sources that the user did not teach."""
    alone = [
        ndcg_of(examples, examples.features[:, position]).mean() for position in range(len(sources))
    ]
    popular = [position for position, source in enumerate(sources) if source.kind == "popularity"]
    prior = weight_prior(consumed=settings.recommend_consumed, leave_out=settings.prior_leave_out)
    floor = max(popular, key=lambda position: alone[position])
    pull = Pull.towards(prior, sources, floor=floor, settings=settings)
    chosen = [sources[position] for position in kept]
    narrow = examples.with_features(examples.features[:, kept])
    return ndcg_of(narrow, cross_fitted(narrow, pull.of(kept), returns=returns_position(chosen)))


def kinds_of(sources: list[Source]) -> dict[str, list[int]]:
    """Group the sources by what they look at."""
    groups: dict[str, list[int]] = {}
    for position, source in enumerate(sources):
        groups.setdefault(source.graph or source.kind, []).append(position)
    return groups


def compare(
    events: pl.DataFrame, *, strategy: str, taste: TasteSettings, ranking: RankingSettings
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the blend, then each change of it with its difference to the blend.

    Raises:
        NotEnoughDataError: no labels lie inside TRAIN.
    """
    known, _ = cut(events, strategy, HELD_SHARE)
    settings = blended_settings(known, strategy=strategy, settings=ranking, seed=SEED).settings
    sources, cuts = (
        configured_sources(settings),
        list(inner_slices(known, strategy=strategy, settings=settings)),
    )
    collect = partial(_collect, cuts, taste, settings)
    plain = collect(graphs_of)
    if plain.n_users == 0:
        raise NotEnoughDataError(
            f"{strategy}: no user has labels inside TRAIN, so nothing can be judged. Use a longer"
            " log."
        )
    every = list(range(len(sources)))
    base = judged(plain, sources, every, settings=settings)
    yield "blend", {"ndcg": float(base.mean()), "n_label_users": len(base)}
    for kind, left_out in kinds_of(sources).items():
        kept = [position for position in every if position not in left_out]
        if any(sources[position].kind == "popularity" for position in kept):
            yield (
                f"without {kind}",
                _difference(judged(plain, sources, kept, settings=settings), base),
            )
    for name, weigh in WEIGHINGS.items():
        other = judged(
            collect(partial(graphs_with, weigh=weigh)), sources, every, settings=settings
        )
        yield f"taste graph of {name}", _difference(other, base)


def _collect(
    cuts: list[InnerSlice], taste: TasteSettings, settings: RankingSettings, make_graphs: Any
) -> Examples:
    return collect_examples(
        cuts, taste=taste, settings=settings, seed=SEED, make_graphs=make_graphs
    )


def _difference(other: Floats, base: Floats) -> dict[str, Any]:
    found = mean_intervals(
        (other - base)[:, None], rng=random_stream(SEED, "sources"), samples=SAMPLES
    )
    relative = float(other.mean() / base.mean() - 1) if base.any() else None
    return {
        "difference": float(found.mean[0]),
        "low": float(found.low[0]),
        "high": float(found.high[0]),
        "relative": relative,
    }


def run(
    only: Annotated[str, typer.Option(help="Only the cases whose name starts so.")] = "",
    config: Annotated[
        str, typer.Option(help="Another log: a configuration that names its files.")
    ] = "",
    name: Annotated[str, typer.Option(help="Name of that log's result file.")] = "sources_other",
) -> None:
    """Judge, print, and write the result."""
    figures = evaluate_cases(
        configured_cases(config, None) if config else CASES, compare, only=only
    )
    report(
        name if config else "sources", figures=figures, goals=[], folder=None if only else RESULTS
    )


if __name__ == "__main__":
    command_line(run)

"""Why an item is on a list: the part of its score that makes this list differ from everybody's."""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.scoring.blend import Lists
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import MICROSECONDS_PER_DAY, half_life_in_words
from ntg_assets.ranking.scoring.profiles import history_profile
from ntg_assets.ranking.scoring.sources import LATENT, RISING, Source

RULE_WORDS = {
    "boosts": " (boosted)",
    "freshness": " (in a place held for new items)",
    "diversity": " (chosen for variety)",
}
# no source with a weight says anything of the item
NOTHING_KNOWN = "Nothing known speaks for or against it yet"
# kinds of reasons, by what a source looks at: sources of one kind say the same in words
SPOKEN_BY = {
    "taste": "goes",
    "linear": "goes",
    "sequence": "next",
    "latent": "near",
    "rising": "near",
}
POPULAR, OWN = "popularity", "consumed"
KINDS_OF_REASONS = ("goes", "next", "near", POPULAR, OWN)
LEAST_SHARE_NAMED = 0.2  # of the score: what carries less is not why the item is there
MOSTLY = 0.5  # of the score: where popularity carries more, the reason says so too
ALSO_POPULAR = "; popular too"
LATE_DAYS = 45.0  # what fades within is "of late"
# pairs of embeddings side by side: 4 MB at 32 dimensions; all of a block at once took hundreds
PRODUCTS_AT_ONCE = 8_192
SECOND_SEED = 0.5  # of the first one's part: what carries less is not named beside it


class Reasons(NamedTuple):
    """Text of each row's reason and the source behind it."""

    text: pl.Series
    source: pl.Series


class Seeds(NamedTuple):
    """The history items that carry most of each row's graph score (-1: none), and their parts of
    that score: the largest, then the second.
    """

    item: Longs
    strength: Floats
    second_item: Longs
    second_strength: Floats


def give_reasons(
    lists: Lists, block: Interactions, model: RankingModel, *, titles: pl.Series
) -> Reasons:
    """Put what makes each row differ from everybody's list into words,
    and the rule that gave the row its place.

    Contributions of one kind are added up. The reason is the kind by which the item stands highest
    for the user (its contribution by the kind's weights) among those that carry at least a fifth of
    the score. Popularity is everybody's: it is the reason where no other kind carries a fifth, and
    is said beside the reason where it carries more than half. All this depends on the row alone.

    Args:
        lists: Rows with contributions per source.
        block: The users' histories.
        model: Sources and graphs.
        titles: Title of each item of the model.
    """
    kind, is_popular = named_kinds(lists.contributions, model)
    behind = strongest_of(kind, lists.contributions, model)
    text = np.empty(len(lists.user), object)
    for position, source in enumerate(model.sources):
        rows = np.flatnonzero(behind == position)
        if len(rows):
            text[rows] = _words(source, lists.user[rows], lists.item[rows], block, model, titles)
    text[is_popular & (kind != KINDS_OF_REASONS.index(POPULAR))] += ALSO_POPULAR
    text[lists.contributions.max(axis=1, initial=0.0) <= 0] = NOTHING_KNOWN
    names = pl.Series([source.name for source in model.sources], dtype=pl.String)
    told = [
        reason + RULE_WORDS.get(rule, "") for reason, rule in zip(text, lists.given_by, strict=True)
    ]
    return Reasons(pl.Series(told, dtype=pl.String), names.gather(behind))


def kind_of_reason(source: Source) -> str:
    """Name the kind of reason that a source gives."""
    return SPOKEN_BY[source.graph] if source.graph else source.kind


def named_kinds(contributions: Floats, model: RankingModel) -> tuple[Longs, Flags]:
    """Choose the kind of reason of each row, as its place in `KINDS_OF_REASONS` (of equal ones the
    first), and say whether popularity carries more than half of the score.
    """
    of_kind = np.array(
        [[kind_of_reason(source) == kind for kind in KINDS_OF_REASONS] for source in model.sources],
        np.float64,
    ).reshape(len(model.sources), len(KINDS_OF_REASONS))
    parts, weights = contributions @ of_kind, model.weight_vector @ of_kind
    share = parts / np.maximum(parts.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    height = np.where(share >= LEAST_SHARE_NAMED, parts / np.where(weights > 0, weights, 1.0), 0.0)
    popular = KINDS_OF_REASONS.index(POPULAR)
    height[:, popular] = 0.0
    found = np.where(
        height.max(axis=1, initial=0.0) > 0, height.argmax(axis=1), parts.argmax(axis=1)
    )
    return found, share[:, popular] > MOSTLY


def strongest_of(kind: Longs, contributions: Floats, model: RankingModel) -> Longs:
    """Return the source that contributes most among those of each row's kind."""
    if not contributions.size:
        return np.empty(0, np.int64)
    of_source = np.array(
        [KINDS_OF_REASONS.index(kind_of_reason(source)) for source in model.sources]
    )
    return np.where(of_source == kind[:, None], contributions, -1.0).argmax(axis=1)


def strongest_seeds(
    user: Longs, item: Longs, source: Source, block: Interactions, model: RankingModel
) -> Seeds:
    """Find the two history items that carry most of what a graph source says of each
    (user, item).
    """
    weights = history_profile(block, model, source)
    sizes = np.diff(weights.indptr)[user]
    row = np.repeat(np.arange(len(user)), sizes)
    entry = (
        np.arange(sizes.sum())
        - np.repeat(np.cumsum(sizes) - sizes, sizes)
        + weights.indptr[user][row]
    )
    part = weights.data[entry] * edge_strengths(
        model, source.graph, weights.indices[entry], item[row]
    )
    known = np.flatnonzero(sizes)
    found = []
    for _ in range(2):
        best = _first_best(part, sizes[sizes > 0])
        items, strength = np.full(len(user), -1), np.zeros(len(user), part.dtype)
        items[known] = np.where(part[best] > 0, weights.indices[entry[best]], -1)
        strength[known] = np.maximum(part[best], 0)
        found += [items, strength]
        part[best] = -np.inf
    return Seeds(*found)


def _first_best(part: Floats, sizes: Longs) -> Longs:
    """Return the place of the largest part of each group, the first of equal ones."""
    if not len(sizes):
        return sizes
    group = np.repeat(np.arange(len(sizes)), sizes)
    best = np.flatnonzero(part == np.maximum.reduceat(part, np.cumsum(sizes) - sizes)[group])
    return best[np.flatnonzero(np.diff(group[best], prepend=-1))]


def edge_strengths(model: RankingModel, graph: str, start: Longs, end: Longs) -> Floats:
    """Look up the strength of edges; 0 where there is none. Between embedded items it is the
    product of their embeddings.
    """
    if graph in (LATENT, RISING):
        factor = model.rising[end] if graph == RISING else 1.0
        return _products(model.embeddings, start, end) * factor
    keys, strengths = model.edges_by_end[graph]
    if not len(keys):
        return np.zeros(len(start))
    wanted = end.astype(np.int64) * model.n_items + start
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, strengths[place], 0.0)


def _products(embeddings: Floats, start: Longs, end: Longs) -> Floats:
    known = np.flatnonzero((start < len(embeddings)) & (end < len(embeddings)))
    strength = np.zeros(len(start))
    for first in range(0, len(known), PRODUCTS_AT_ONCE):
        rows = known[first : first + PRODUCTS_AT_ONCE]
        strength[rows] = np.einsum("ed,ed->e", embeddings[start[rows]], embeddings[end[rows]])
    return strength


def popular_words(half_life_days: float) -> str:
    """Say that an item is popular, "of late" only where that means days."""
    pace = f"(half-life {half_life_in_words(half_life_days)})"
    late = half_life_days <= LATE_DAYS
    return f"Popular of late {pace}" if late else f"Popular with everybody {pace}"


def _words(
    source: Source,
    user: Longs,
    item: Longs,
    block: Interactions,
    model: RankingModel,
    titles: pl.Series,
) -> list[str]:
    if source.kind == POPULAR:
        return [popular_words(source.half_life or 0)] * len(user)
    if source.kind == OWN:
        return ["Had before, and often comes back"] * len(user)
    seeds = strongest_seeds(user, item, source, block, model)
    words = _sentence_of(source, model)
    is_second = seeds.second_strength >= np.maximum(SECOND_SEED * seeds.strength, 1e-300)
    first, second = titles.gather(seeds.item), titles.gather(seeds.second_item)
    return [
        words.format(seeds=f"{one} and {other}" if both else one)
        for one, other, both in zip(first, second, is_second, strict=True)
    ]


def _sentence_of(source: Source, model: RankingModel) -> str:
    if source.graph == RISING:
        is_late = model.return_window <= LATE_DAYS * MICROSECONDS_PER_DAY
        return "Close in taste to {seeds}, and taken up by many" + (" of late" if is_late else "")
    return {
        "goes": "Because of {seeds}: who had that took this too",
        "next": "Often next after {seeds}",
        "near": "Close in taste to {seeds}",
    }[kind_of_reason(source)]

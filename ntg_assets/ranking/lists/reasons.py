"""Why an item is on a list: the part of its score that makes this list differ from everybody's."""

from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.evidence import strongest_seeds
from ntg_assets.ranking.scoring.blend import Lists
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.popularity import MICROSECONDS_PER_DAY, half_life_in_words
from ntg_assets.ranking.scoring.sources import GRAPHS, LATENT, NEIGHBOURS, RISING, Source

RULE_WORDS = {
    "boosts": " (boosted)",
    "freshness": " (in a place held for new items)",
    "diversity": " (chosen for variety)",
}
# no source with a weight says anything of the item
NOTHING_KNOWN = "Nothing known speaks for or against it yet"
# kinds of reasons, by what a source looks at: sources of one kind say the same in words
SPOKEN_BY = {name: graph.reason for name, graph in GRAPHS.items()} | {
    NEIGHBOURS: "neighbours",
    RISING: GRAPHS[LATENT].reason,
}
POPULAR, OWN = "popularity", "consumed"
KINDS_OF_REASONS = ("goes", "next", "neighbours", "near", POPULAR, OWN)
LEAST_SHARE_NAMED = 0.2  # of the score: what carries less is not why the item is there
MOSTLY = 0.5  # of the score: where popularity carries more, the reason says so too
ALSO_POPULAR = "; popular too"
LATE_DAYS = 45.0  # what fades within is "of late"
SECOND_SEED = 0.5  # of the first one's part: what carries less is not named beside it


class Reasons(NamedTuple):
    """Text of each row's reason and the source behind it."""

    text: pl.Series
    source: pl.Series


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
    names = [source.name for source in model.sources]
    told = [
        reason + RULE_WORDS.get(rule, "") for reason, rule in zip(text, lists.given_by, strict=True)
    ]
    behind_words = [names[position] for position in behind.tolist()]
    return Reasons(pl.Series(told, dtype=pl.String), pl.Series(behind_words, dtype=pl.String))


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
    # at once: asking polars costs more than what is asked of it
    named = titles[np.concatenate([seeds.item, seeds.second_item])].to_list()
    first, second = named[: len(item)], named[len(item) :]
    return [
        words.format(seeds=f"{one} and {other}" if both else one)
        for one, other, both in zip(first, second, is_second.tolist(), strict=True)
    ]


def _sentence_of(source: Source, model: RankingModel) -> str:
    if source.graph == RISING:
        is_late = model.return_window <= LATE_DAYS * MICROSECONDS_PER_DAY
        return "Close in taste to {seeds}, and taken up by many" + (" of late" if is_late else "")
    return {
        "goes": "Because of {seeds}: who had that took this too",
        "next": "Often next after {seeds}",
        "neighbours": "Users like you, who had {seeds} too, took this",
        "near": "Close in taste to {seeds}",
    }[kind_of_reason(source)]

"""Lists: each user's best items with a reason, for the night and for a single user by the same functions."""

import hashlib
from datetime import datetime
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.ranking.blend import Lists, Pairs, distinct_pairs, pair_features, top_lists
from ntg_assets.ranking.candidates import Candidates, candidate_table, find_candidates, source_scores, user_blocks
from ntg_assets.ranking.model import RankingModel
from ntg_assets.ranking.reasons import give_reasons
from ntg_assets.taste.interactions import Floats, Interactions, codes_of

ID_DIGITS = 16  # hex digits of a recommendation id: 64 bits


class Ranked(NamedTuple):
    """Candidates and lists of one block of users."""

    candidates: Candidates
    lists: Lists


def rank_users(block: Interactions, model: RankingModel, *, k: int | None = None, weights: Floats | None = None) -> Ranked:
    """Find candidates, score and cut them: the whole path from histories to lists.

    Args:
        block: Users with all their rows; coded with the items of the model.
        model: Sources, weights, settings.
        k: Length of the lists; none: `ranking.top_k`.
        weights: One weight per source; none: those of the model.
    """
    scores = source_scores(block, model)
    found = find_candidates(scores, per_source=model.settings.candidates_per_source)
    pairs = distinct_pairs(found, n_items=model.n_items)
    used = model.weight_vector if weights is None else weights
    lists = top_lists(pairs, pair_features(pairs, scores), used, k=k or model.settings.top_k, n_users=block.n_users)
    return Ranked(found, lists)


def list_candidates(log: Interactions, model: RankingModel) -> pl.DataFrame:
    """Make `candidates`: one row per user, item and source.

    Args:
        log: TRAIN, coded with the items of the model.
        model: Sources and settings.
    """
    per_source = model.settings.candidates_per_source
    parts = [
        candidate_table(find_candidates(source_scores(block, model), per_source=per_source), block, model) for block in user_blocks(log)
    ]
    return pl.concat(parts) if parts else candidate_table(_no_candidates(), log, model)


def recommend_users(
    log: Interactions, model: RankingModel, *, candidates: pl.DataFrame, titles: pl.DataFrame, cutoff_at: datetime
) -> pl.DataFrame:
    """Make `recommendations`: score the stored candidates and cut them to lists.

    Args:
        log: TRAIN, coded with the items of the model.
        model: Sources, weights, settings.
        candidates: `candidates`.
        titles: `item_id`, `title`; items without one show their id.
        cutoff_at: The cutoff of the stage, part of each recommendation's id.

    Returns:
        One row per user and rank, at most `top_k` per user: fewer where fewer candidates are known.
    """
    pairs = candidates.select("user_id", "item_id").unique()
    user, item = codes_of(pairs["user_id"], known=log.users), codes_of(pairs["item_id"], known=model.items)
    order = np.lexsort((item, user))
    user, item = user[order], item[order]
    parts, first = [], 0
    for block in user_blocks(log):
        rows = slice(*np.searchsorted(user, [first, first + block.n_users]))
        chosen = _lists_of(block, model, Pairs(user[rows] - first, item[rows]))
        parts.append(recommendation_table(chosen, block, model, titles=titles, cutoff_at=cutoff_at))
        first += block.n_users
    if not parts:
        parts = [recommendation_table(_lists_of(log, model, Pairs(user, item)), log, model, titles=titles, cutoff_at=cutoff_at)]
    return pl.concat(parts)


def _lists_of(block: Interactions, model: RankingModel, pairs: Pairs) -> Lists:
    features = pair_features(pairs, source_scores(block, model))
    return top_lists(pairs, features, model.weight_vector, k=model.settings.top_k, n_users=block.n_users)


def recommendation_table(
    lists: Lists, block: Interactions, model: RankingModel, *, titles: pl.DataFrame, cutoff_at: datetime
) -> pl.DataFrame:
    """Write lists with ids, titles and reasons."""
    shown = titled(model.items, titles)
    users, items = block.users.gather(lists.user), model.items.gather(lists.item)
    reasons = give_reasons(lists, block, model, titles=shown)
    return pl.DataFrame(
        {
            "user_id": users,
            "rank": lists.rank,
            "item_id": items,
            "title": shown.gather(lists.item),
            "score": lists.score,
            "reason": reasons.text,
            "strongest_source": reasons.source,
            "recommendation_id": [recommendation_id(user, item, cutoff_at) for user, item in zip(users, items, strict=True)],
        },
        schema_overrides={"reason": pl.String, "strongest_source": pl.String, "recommendation_id": pl.String},
    )


def recommendation_id(user: object, item: object, cutoff_at: datetime) -> str:
    """Return the id of a recommendation: the same for the same user, item and cutoff, whatever else is recommended."""
    return hashlib.sha256(f"{cutoff_at.isoformat()}|{user}|{item}".encode()).hexdigest()[:ID_DIGITS]


def titled(items: pl.Series, titles: pl.DataFrame) -> pl.Series:
    """Return the title of each item, or its id as text."""
    known = pl.DataFrame({"item_id": items}).join(titles.select("item_id", "title"), on="item_id", how="left", maintain_order="left")
    return known.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)))["title"]


def default_list(model: RankingModel, weights: pl.DataFrame, *, titles: pl.DataFrame) -> pl.DataFrame:
    """Make the list for users without history: what is popular at the half-life that ranks best by itself.

    Args:
        model: Popularity, list length.
        weights: `ranking_weights`, which names the floor; without labels the slowest half-life stands in.
        titles: `item_id`, `title`.
    """
    floor = popularity_floor(model, weights)
    scores = model.popularity[floor]
    order = np.argsort(-scores, kind="stable")[: model.settings.top_k]
    order = order[scores[order] > 0]
    days = next(source.half_life for source in model.sources if source.name == floor)
    return pl.DataFrame(
        {
            "rank": np.arange(1, len(order) + 1),
            "item_id": model.items.gather(order),
            "title": titled(model.items, titles).gather(order),
            "score": scores[order] / max(scores.max(initial=0.0), np.finfo(float).tiny),
            "reason": pl.Series([f"Popular of late (half-life {days:g} days)"] * len(order), dtype=pl.String),
        }
    )


def popularity_floor(model: RankingModel, weights: pl.DataFrame) -> str:
    """Return the popularity source that inner labels chose, else the one with the longest half-life."""
    chosen = weights.filter("is_floor")["feature"]
    return chosen[0] if len(chosen) else [source.name for source in model.sources if source.kind == "popularity"][-1]


def _no_candidates() -> Candidates:
    none = np.empty(0, np.int64)
    return Candidates(none, none, none, np.empty(0), none)

"""Lists: each user's best items with a reason,
for the night and for a single user by the same functions.
"""

import hashlib
from dataclasses import replace
from datetime import datetime

import numpy as np
import polars as pl

from ntg_assets.interactions.interactions import Interactions
from ntg_assets.ranking.lists.reasons import RULE_WORDS, give_reasons, popular_words
from ntg_assets.ranking.lists.reranking import make_lists
from ntg_assets.ranking.scoring.blend import Lists
from ntg_assets.ranking.scoring.candidates import Pairs
from ntg_assets.ranking.scoring.model import RankingModel
from ntg_assets.ranking.scoring.scores import score_users
from ntg_assets.ranking.scoring.sources import NEW_ITEMS

ID_DIGITS = 16  # hex digits of a recommendation id: 64 bits


def rank_users(
    block: Interactions, model: RankingModel, *, k: int | None = None, compiled: bool = False
) -> Lists:
    """Make the lists of a block of users: the whole path from histories to lists.

    Args:
        block: Users with all their rows; coded with the items of the model.
        model: Sources, weights, settings.
        k: Length of the lists; none: `ranking.top_k`.
        compiled: Which engine; both give the same bits.
    """
    scored = score_users(block, model, compiled=compiled)
    return make_lists(
        scored.pairs, scored.features, model, k=k or model.settings.top_k, n_users=block.n_users
    )


def recommendation_table(
    lists: Lists,
    block: Interactions,
    model: RankingModel,
    *,
    titles: pl.Series,
    cutoff_at: datetime,
) -> pl.DataFrame:
    """Write lists with ids, titles (one per item of the model) and reasons."""
    # indexed: for a single user `gather`, which runs a query, costs more than the scores
    users, items = block.users[lists.user], model.items[lists.item]
    reasons = give_reasons(lists, block, model, titles=titles)
    return pl.DataFrame(
        {
            "user_id": users,
            "rank": lists.rank,
            "item_id": items,
            "title": titles[lists.item],
            "score": lists.score,
            "reason": reasons.text,
            "strongest_source": reasons.source,
            "rule": [rule or None for rule in lists.given_by.tolist()],
            "recommendation_id": [
                recommendation_id(user, item, cutoff_at)
                for user, item in zip(users, items, strict=True)
            ],
        },
        schema_overrides={
            "reason": pl.String,
            "strongest_source": pl.String,
            "rule": pl.String,
            "recommendation_id": pl.String,
        },
    )


def recommendation_id(user: object, item: object, cutoff_at: datetime) -> str:
    """Return the id of a recommendation: the same for the same user,
    item and cutoff, whatever else is recommended.
    """
    return hashlib.sha256(f"{cutoff_at.isoformat()}|{user}|{item}".encode()).hexdigest()[:ID_DIGITS]


def titled(items: pl.Series, titles: pl.DataFrame) -> pl.Series:
    """Return the title of each item, or its id as text."""
    known = pl.DataFrame({"item_id": items}).join(
        titles.select("item_id", "title"), on="item_id", how="left", maintain_order="left"
    )
    return known.select(pl.coalesce("title", pl.col("item_id").cast(pl.String)))["title"]


def default_list(model: RankingModel, half_life: float, *, titles: pl.DataFrame) -> pl.DataFrame:
    """Make the list for users without history: what is popular, under the business rules.

    Args:
        model: Popularity, list length, rules.
        half_life: The popularity that is used, in days; see `default_list_report`.
        titles: `item_id`, `title`.
    """
    popular = [
        (position, source)
        for position, source in enumerate(model.sources)
        if source.kind == "popularity"
    ]
    position, floor = next(
        (position, source.name) for position, source in popular if source.half_life == half_life
    )
    scores = model.popularity[floor]
    item = np.flatnonzero(scores > 0)
    features = np.zeros((len(item), len(model.sources)))
    features[:, position] = scores[item] / max(scores.max(initial=0.0), np.finfo(float).tiny)
    alone = replace(model, weights={floor: 1.0})
    lists = make_lists(
        Pairs(np.zeros(len(item), np.int64), item),
        features,
        alone,
        k=model.settings.top_k,
        n_users=1,
    )
    told = popular_words(half_life)
    return pl.DataFrame(
        {
            "rank": lists.rank,
            "item_id": model.items.gather(lists.item),
            "title": titled(model.items, titles).gather(lists.item),
            "score": lists.score,
            "reason": pl.Series(
                [told + RULE_WORDS.get(rule, "") for rule in lists.given_by], dtype=pl.String
            ),
        }
    )


def popularity_floor(model: RankingModel, weights: pl.DataFrame) -> str:
    """Return the popularity source that inner labels chose,
    else the one with the longest half-life.
    """
    chosen = weights.filter("is_floor")["feature"]
    known = [
        source.name
        for source in model.sources
        if source.kind == "popularity" and source.name != NEW_ITEMS
    ]
    return chosen[0] if len(chosen) else known[-1]

"""Contracts of ranking."""

from typing import Annotated

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.ranking.lists.excluded_items import ORIGINS
from ntg_assets.ranking.lists.strategies import STRATEGIES
from ntg_assets.summaries import summary

PLACING_RULES = ("boosts", "freshness", "diversity")
KINDS = ("graph", "latent", "neighbours", "popularity", "consumed", "return")
STATUSES = ("learned", "prior", "floor", "no_labels")


@contract("excluded_items")
class ExcludedItemsTable(Contract):
    """One row per row of the configured file of items that no list may show,
    read once at the start of the run. No key.
    """

    listed_id: str = column(
        "Item, as the file writes the id; null: the row holds none", nullable=True
    )
    origin: str = column(
        "The file, or the last publication where the file could not be read", isin=ORIGINS
    )


@contract("item_popularity")
class ItemPopularity(Contract):
    """One row per item and half-life: how much of its popularity is left at the cutoff."""

    item_id: str = identifier("item", "Item")
    half_life_days: float = column("After this time an event counts half", unit="days", gt=0)
    n_users: int = column("Users of the item", ge=1)
    n_repeat_users: int = column("Users who had the item at more than one instant", ge=0)
    return_window_days: float = column(
        "Time before the cutoff that holds the last tenth of all events: the return window",
        unit="days",
        gt=0,
    )
    n_window_users: int = column("Users of the item in the return window", ge=0)
    n_late_users: int = column("Users of the item in its last quarter", ge=0)
    n_earlier_users: int = column("Users of the item before the return window", ge=0)
    n_earlier_returned: int = column(
        "Of these, users who had the item again in the return window", ge=0
    )
    n_previous_users: int = column("Users of the item in the window before the return window", ge=0)
    n_previous_returned: int = column(
        "Of these, users who had the item again in the return window", ge=0
    )
    score: float = column("Events, each 0.5 ** (age / half-life)", ge=0)
    rank: int = column("Place at this half-life; ties: more users, then the lower id", ge=1)

    class Config:
        unique = ["item_id", "half_life_days"]


@contract("ranking_weights")
@summary(
    measures={
        "n_used": "count(*) filter (weight > 0)",
        "blend_ndcg": "max(blend_ndcg)",
        "gain": "max(gain)",
        "gain_low": "max(gain_low)",
        "gain_high": "max(gain_high)",
        "n_label_users": "max(n_label_users)",
    },
    columns=("feature", "kind", "half_life", "weight", "prior_weight", "ndcg_alone", "status"),
    order=("weight desc", "feature"),
)
class RankingWeights(Contract):
    """One row per source: its weight in the blend, what the inner labels say of it,
    and whether they were enough.

    Where consumed items may be shown again, also one row (kind `return`) per part of the
    probability of a return, which is the source `consumed_return`: its odds are `return_base` times
    the parts' powers.
    """

    feature: str = column(
        "Source, whose score relative to its best for the user is the feature (0 to 1)"
    )
    kind: str = column(
        "What the source looks at; `return`: a part of the source `consumed_return`", isin=KINDS
    )
    half_life: float = column(
        "Half-life of the profile in items (graph, neighbours), else in days; null: the whole past",
        gt=0,
        nullable=True,
    )
    weight: float = column("Weight that is used", ge=0)
    prior_weight: float = column("Mean of the weights that other families of logs teach", ge=0)
    prior_deviation: float = column(
        "How far families are expected to differ from it; null: a part of the return",
        gt=0,
        nullable=True,
    )
    learned_weight: float = column("Weight that the inner labels teach, from the prior on", ge=0)
    learned_low: float = column(
        "Lower end of its 95% interval, clustered by user, cut at 0", nullable=True
    )
    learned_high: float = column("Upper end", nullable=True)
    ndcg_alone: float = column(
        "NDCG@10 of the source by itself on the inner labels", ge=0, le=1, nullable=True
    )
    ndcg_alone_low: float = column(
        "Lower end of its 95% interval over users", ge=0, le=1, nullable=True
    )
    ndcg_alone_high: float = column("Upper end", ge=0, le=1, nullable=True)
    is_floor: bool = column("Whether this is the popularity that ranks best by itself: the floor")
    status: str = column(
        "`learned`: these labels show a gain; `prior`: they are too few to, and other logs let"
        " expect one; `floor`: harm is expected, popularity alone; `no_labels`: the prior itself",
        isin=STATUSES,
    )
    n_label_users: int = column("Users with inner labels (one per user and inner cut)", ge=0)
    blend_ndcg: float = column(
        "NDCG@10 of the learned blend for users who did not teach it", ge=0, le=1, nullable=True
    )
    gain: float = column(
        "Its difference to the popularity that ranks best for the others, user by user",
        ge=-1,
        le=1,
        nullable=True,
    )
    gain_low: float = column(
        "Lower end of the 95% interval of the gain", ge=-1, le=1, nullable=True
    )
    gain_high: float = column("Upper end", ge=-1, le=1, nullable=True)
    evidence: str = column("The decision in words, with its figures")

    class Config:
        unique = ["feature"]


@contract("item_rules")
class ItemRules(Contract):
    """One row per item of TRAIN: what the business rules say of it."""

    item_id: str = identifier("item", "Item")
    first_seen_at: Annotated[pl.Datetime, "us", None] = column(
        "Its first event in TRAIN", unit="UTC"
    )
    age_days: float = column("Days from its first event to the cutoff", unit="days", ge=0)
    categories: Annotated[pl.List, pl.String()] = column(
        "Its categories in the order of the source"
    )
    exclusion: str = column(
        "The first rule that keeps it out of every list; null: it may be shown", nullable=True
    )
    boost: float = column("Factor on its score; 1: none", gt=0)
    is_new: bool = column("Whether it may take a place held for new items")

    class Config:
        unique = ["item_id"]


@contract("ranking_rules_report")
@summary(
    measures={
        "n_rules": "count(*)",
        "n_places_changed": "coalesce(sum(n_places_changed), 0)",
        "n_places_lost": "coalesce(sum(n_places_lost), 0)",
        "n_users_changed": "coalesce(max(n_users_changed), 0)",
    },
)
class RankingRulesReport(Contract):
    """One row per business rule in the order in which they act: what it changed in the lists made
    by the rules before it.
    """

    position: int = column("Order in which it acts", ge=1)
    rule: str = column("Its key below `ranking.rules`")
    applies_to: str = column("What it names, and how much")
    n_items: int = column("Items of TRAIN that it names", ge=0)
    n_users: int = column("Users whose lists were looked at: all, or `report_users` of them", ge=0)
    n_places: int = column("Places of their lists before the rule", ge=0)
    n_places_changed: int = column("Places that hold another item after it, or none", ge=0)
    n_places_lost: int = column("Places that hold none after it, for want of candidates", ge=0)
    n_users_changed: int = column("Users with a changed place", ge=0)
    warning: str = column("Names that no item of TRAIN bears; null: all are known", nullable=True)

    class Config:
        unique = ["position"]


@contract("candidates")
@summary(
    measures={
        "n_users": "count(distinct user_id)",
        "n_items": "count(distinct item_id)",
        "n_sources": "count(distinct source)",
    },
)
class Candidates(Contract):
    """One row per user, item and source that would show it."""

    user_id: str = identifier("user", "User")
    item_id: str = identifier("item", "Item")
    source: str = column("Source that found it")
    score: float = column("The source's own score (comparable within one user and source)", gt=0)
    rank: int = column(
        "Place within the user and source; ties: more users, then the lower id", ge=1
    )

    class Config:
        unique = ["user_id", "item_id", "source"]


class Listed(Contract):
    """One row per place of a list."""

    rank: int = column("Place in the list", ge=1)
    item_id: str = identifier("item", "Item")
    title: str = column("Title, or the id where the item table has none", sources="items.title")
    score: float = column(
        "Sum of weight * feature over the sources, times the item's boost",
        sources=(
            "ranking_weights.weight, taste_graph.similarity, sequence_graph, linear_graph,"
            " item_embeddings, item_popularity"
        ),
        ge=0,
    )
    reason: str = column(
        "The part of the score that makes this list differ from everybody's, in words, and the rule"
        " that gave the place"
    )


@contract("recommendations")
@summary(
    measures={
        "n_users": "count(distinct user_id)",
        "n_items": "count(distinct item_id)",
        "mean_score": "avg(score)",
        "most_shown_item_share": (
            "(select max(n) from (select count(*) as n from {table} group by item_id)) /"
            " count(distinct user_id)"
        ),
    },
    columns=("user_id", "rank", "title", "score", "reason"),
    order=("user_id", "rank"),
)
class Recommendations(Listed):
    """One row per user and place: what to show."""

    user_id: str = identifier("user", "User")
    strongest_source: str = column("Source behind the reason: the largest of its kind")
    rule: str = column(
        "Business rule that gave the item its place; null: its score alone",
        nullable=True,
        isin=PLACING_RULES,
    )
    recommendation_id: str = column(
        "Id of (user, item, cutoff), 16 hex digits", str_length={"min_value": 16, "max_value": 16}
    )

    class Config:
        unique = ["user_id", "rank"]


@contract("default_list_report")
class DefaultListReport(Contract):
    """One row per half-life of popularity: how well it would have served past newcomers on their
    first day.
    """

    half_life_days: float = column("Half-life", unit="days", gt=0)
    n_newcomers: int = column(
        "Users whose first event lies in the last part of TRAIN (at most 500 of them)", ge=0
    )
    ndcg: float = column(
        "NDCG@10 of what was popular when they arrived; null with too few newcomers",
        ge=0,
        le=1,
        nullable=True,
    )
    ndcg_low: float = column("Lower end of its 95% interval over users", ge=0, le=1, nullable=True)
    ndcg_high: float = column("Upper end", ge=0, le=1, nullable=True)
    gain: float = column(
        "Difference to the half-life that serves known users best", ge=-1, le=1, nullable=True
    )
    gain_low: float = column(
        "Lower end of its 95% interval, newcomer by newcomer", ge=-1, le=1, nullable=True
    )
    gain_high: float = column("Upper end", ge=-1, le=1, nullable=True)
    is_chosen: bool = column("Whether the list for users without history uses it")
    evidence: str = column("The decision in words, with its figures")

    class Config:
        unique = ["half_life_days"]


@contract("default_list")
class DefaultList(Listed):
    """One row per place: what to show to users without history."""

    class Config:
        unique = ["rank"]


@contract("strategy_lists")
class StrategyLists(Contract):
    """One row per strategy, user and place: the lists that are compared on held-out behaviour."""

    strategy: str = column("How the list is made", isin=STRATEGIES)
    user_id: str = identifier("user", "User of TRAIN")
    rank: int = column("Place in the list", ge=1)
    item_id: str = identifier("item", "Item")
    score: float = column(
        "Score by which the strategy orders (comparable within one strategy and user)", gt=0
    )

    class Config:
        unique = ["strategy", "user_id", "rank"]

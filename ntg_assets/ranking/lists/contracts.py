"""Contracts of the lists and of the business rules."""

from typing import Annotated

import polars as pl

from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.ranking.lists.excluded_items import ORIGINS
from ntg_assets.ranking.lists.strategies import STRATEGIES
from ntg_assets.summaries import summary

PLACING_RULES = ("boosts", "freshness", "diversity")


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


class Listed(Contract):
    """One row per place of a list."""

    rank: int = column("Place in the list", ge=1)
    item_id: str = identifier("item", "Item")
    title: str = column("Title, or the id where the item table has none", sources="items.title")
    score: float = column(
        "Sum of weight * feature over the sources, times the item's boost",
        sources=(
            "ranking_weights.weight, taste_graph.similarity, sequence_graph, linear_graph,"
            " item_transitions, item_embeddings, item_popularity"
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
@summary(
    measures={
        "ndcg": "max(ndcg)",
        "ndcg_low": "max(ndcg_low)",
        "ndcg_high": "max(ndcg_high)",
        "gain": "max(gain)",
        "n_newcomers": "max(n_newcomers)",
        "half_life_days": "max(half_life_days)",
    },
    where="is_chosen",
)
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

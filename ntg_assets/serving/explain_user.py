"""Why a user's list is as it is, item by item, and what is known of the user's risk and value."""

from dataclasses import dataclass

import polars as pl

from ntg_assets.errors import UnknownUserError
from ntg_assets.ranking.lists.explain import Contribution, total
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.ranking.scoring.sources import NEW_ITEMS
from ntg_assets.revenue.radar.user_risk import STORY_TABLES, RiskStory, user_risk_story
from ntg_assets.serving.published import Item, Published
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST, LIVE

RECENT_ITEMS = 5
AXES_SHOWN = 3
RECENT = """
select item_id, max(event_at) as last_at from stored where user_id = $user_id
group by item_id order by last_at desc, item_id limit $n
"""


@dataclass(frozen=True)
class Place:
    """One place of the list."""

    rank: int
    item_id: int | str
    title: str
    score: float
    reason: str
    rule: str | None


@dataclass(frozen=True)
class ItemExplanation:
    """What an item's score for the user is made of.

    Attributes:
        item: The item.
        rank: Its place in the list; None: it is not on it.
        verdict: Where it stands and why, in one sentence.
        parts: One per source with a weight: weight * feature; graphs with the history items behind
        them.
        total: The parts, added up in this order.
        boost: Factor of the business rules.
        score: total * boost: what the list is ordered by, to the last bit.
    """

    item: Item
    rank: int | None
    verdict: str
    parts: list[Contribution]
    total: float
    boost: float
    score: float


@dataclass(frozen=True)
class Standing:
    """The user's place on a taste axis."""

    axis: int
    name: str
    score: float
    percentile: float


@dataclass(frozen=True)
class UserExplanation:
    """All that the publication says of one user.

    Attributes:
        user_id: Who.
        as_of: Cutoff of what is known, ISO (UTC).
        timezone: Zone whose midnights divide the days.
        n_events: Events of the user.
        n_items: Different items.
        recent: The last items the user had, the latest first.
        axes: The user's strongest taste axes.
        places: The list.
        explained: The item that was asked for, else the first of the list; None: there is no list.
        risk: Risk, value, reasons, strategies; None: the radar does not hold the user.
    """

    user_id: int | str
    as_of: str
    timezone: str
    n_events: int
    n_items: int
    recent: list[Item]
    axes: list[Standing]
    places: list[Place]
    explained: ItemExplanation | None
    risk: RiskStory | None


def explain_user(published: Published, asked: str, *, item: str | None = None) -> UserExplanation:
    """Explain a user's list, one item of it (or not of it), and the user's risk.

    Raises:
        UnknownUserError: no such user.
        UnknownItemError: no such item.
    """
    user = published.user(asked)
    wanted = published.item(item) if item is not None else None
    recommender = published.recommender()
    mine = published.rows(LIVE, "recommendations", user_id=user).sort("rank")
    places = [
        Place(**row)
        for row in mine.select("rank", "item_id", "title", "score", "reason", "rule").iter_rows(
            named=True
        )
    ]
    if wanted is None and places:
        wanted = Item(places[0].item_id, places[0].title)
    return UserExplanation(
        user,
        published.manifest.as_of,
        published.manifest.timezone,
        *_sizes(published, user),
        _recent(published, user),
        _axes(published, user),
        places,
        None if wanted is None else _explain_item(published, recommender, user, wanted, places),
        _risk(published, user),
    )


def _explain_item(
    published: Published, recommender: Recommender, user: int | str, item: Item, places: list[Place]
) -> ItemExplanation:
    parts, boost = recommender.explain(item.item_id, user), recommender.boost(item.item_id)
    rank = next((place.rank for place in places if place.item_id == item.item_id), None)
    told = [part for part in parts if part.source != NEW_ITEMS]
    summed = total(parts)
    verdict = _verdict(published, user, item, rank, summed * boost, places)
    return ItemExplanation(item, rank, verdict, told, summed, boost, summed * boost)


def _verdict(
    published: Published,
    user: int | str,
    item: Item,
    rank: int | None,
    score: float,
    places: list[Place],
) -> str:
    if rank is not None:
        place = places[rank - 1]
        by_rule = f", by the rule `{place.rule}`" if place.rule else ""
        return f"Place {rank} of {len(places)}{by_rule}: {place.reason}."
    rule = published.rows(LIVE, "item_rules", item_id=item.item_id)["exclusion"]
    if len(rule) and rule[0] is not None:
        return f"Not on the list: the business rule {rule[0]} excludes it."
    if region := published.barred_where(user, item):
        return f"Not on the list: it may not be shown where the user is ({region})."
    had = published.rows(INGEST, "events", user_id=user, item_id=item.item_id).height
    if had and published.settings.ranking.recommend_consumed == "never":
        return (
            f"Not on the list: the user has had it ({had} events), and ranking.recommend_consumed"
            " is never."
        )
    if places and score > places[-1].score:
        return (
            "Not on the list: no source found it among its candidates, or a rule on the whole list"
            " left it out."
        )
    return (
        f"Not on the list: its score is {score:.4f}, the last place has {places[-1].score:.4f}."
        if places
        else "There is no list."
    )


def _sizes(published: Published, user: int | str) -> tuple[int, int]:
    text = (
        "select count(*) as n_events, count(distinct item_id) as n_items from stored where user_id"
        " = $user_id"
    )
    n_events, n_items = published.ask(text, Table(INGEST, "events"), user_id=user).row(0)
    return n_events, n_items


def _recent(published: Published, user: int | str) -> list[Item]:
    ids = published.ask(RECENT, Table(INGEST, "events"), user_id=user, n=RECENT_ITEMS)["item_id"]
    titles = published.titles(ids)
    return [Item(item, titles[item]) for item in ids]


def _axes(published: Published, user: int | str) -> list[Standing]:
    names = published.ask("select distinct axis, name from stored", Table(LIVE, "taste_axes"))
    mine = (
        published.rows(LIVE, "user_taste", user_id=user)
        .filter(pl.col("score") > 0)
        .join(names, on="axis")
    )
    best = mine.sort("percentile", "score", "axis", descending=[True, True, False]).head(AXES_SHOWN)
    return [
        Standing(**row)
        for row in best.select("axis", "name", "score", "percentile").iter_rows(named=True)
    ]


def _risk(published: Published, user: int | str) -> RiskStory | None:
    tables = {name: published.rows(LIVE, name, user_id=user) for name in STORY_TABLES}
    try:
        return user_risk_story(tables, user)
    except UnknownUserError:
        return None

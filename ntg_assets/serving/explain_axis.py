"""What a taste axis is: its items, what sets it apart, who stands on it."""

from dataclasses import dataclass
from difflib import get_close_matches

import polars as pl

from ntg_assets.errors import UnknownItemError
from ntg_assets.serving.published import Published
from ntg_assets.sql import Table
from ntg_assets.stages import INGEST, LIVE
from ntg_assets.taste.axis_names import category_shares

ITEMS_SHOWN = 15
CATEGORIES_SHOWN = 5
PERCENTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True)
class AxisItem:
    """An item that loads on an axis."""

    rank: int
    item_id: int | str
    title: str
    loading: float


@dataclass(frozen=True)
class AxisCategory:
    """A category's share among the axis's strongest items, and among all items of the graph."""

    category: str
    share: float
    share_everywhere: float


@dataclass(frozen=True)
class AxisExplanation:
    """A taste axis.

    Attributes:
        axis: Its number.
        name: Its name.
        n_items: Items that load on it.
        items: The strongest of them.
        categories: What sets its strongest items apart, the most telling first; empty without
        categories.
        n_users: Users with a score on any axis.
        n_strongest: Users for whom this is the strongest axis.
        scores: Users' scores at some percentiles.
    """

    axis: int
    name: str
    n_items: int
    items: list[AxisItem]
    categories: list[AxisCategory]
    n_users: int
    n_strongest: int
    scores: dict[str, float]


def explain_axis(published: Published, asked: str) -> AxisExplanation:
    """Explain an axis, asked for by number or by (part of) its name.

    Raises:
        UnknownItemError: there is no such axis, or several names contain the words.
    """
    axes = published.rows(LIVE, "taste_axes").sort("axis", "rank")
    number = find_axis(axes, asked)
    rows = axes.filter(pl.col("axis") == number)
    strongest = _strongest_axes(published)
    return AxisExplanation(
        axis=number,
        name=rows["name"][0],
        n_items=rows.height,
        items=_strongest_items(published, rows),
        categories=_distinctive_categories(published, axes, number),
        n_users=len(strongest),
        n_strongest=int((strongest == number).sum()),
        scores=_percentiles(published.rows(LIVE, "user_taste", axis=number)["score"]),
    )


def _strongest_items(published: Published, rows: pl.DataFrame) -> list[AxisItem]:
    """Name the first items of an axis."""
    shown = rows.head(ITEMS_SHOWN)
    titles = published.titles(shown["item_id"])
    return [
        AxisItem(row["rank"], row["item_id"], titles[row["item_id"]], row["loading"])
        for row in shown.iter_rows(named=True)
    ]


def _distinctive_categories(
    published: Published, axes: pl.DataFrame, number: int
) -> list[AxisCategory]:
    """Say which categories set the strongest items of an axis apart."""
    nodes = published.ask("select distinct item_id from stored", Table(LIVE, "taste_graph"))
    shares = category_shares(axes, nodes["item_id"], published.rows(INGEST, "item_categories"))
    rows = shares.filter(pl.col("axis") == number).head(CATEGORIES_SHOWN)
    columns = rows.select("category", "share", "share_everywhere")
    return [AxisCategory(*row) for row in columns.iter_rows()]


def _strongest_axes(published: Published) -> pl.Series:
    """Return the axis on which each user with any score stands highest (ties: the lower one)."""
    taste = published.rows(LIVE, "user_taste").filter(pl.col("score") > 0)
    ordered = taste.sort("user_id", "score", "axis", descending=[False, True, False])
    return ordered.unique("user_id", keep="first", maintain_order=True)["axis"]


def _percentiles(score: pl.Series) -> dict[str, float]:
    if score.is_empty():
        return {}
    return {f"p{at * 100:g}": float(score.quantile(at, "nearest") or 0.0) for at in PERCENTILES}


def find_axis(axes: pl.DataFrame, asked: str) -> int:
    """Find an axis by its number, its name, or a part of its name that no other has."""
    names = dict(axes.select("axis", "name").unique().sort("axis").iter_rows())
    if asked.isdigit() and int(asked) in names:
        return int(asked)
    found = [axis for axis, name in names.items() if asked.lower() in name.lower()]
    exact = [axis for axis, name in names.items() if asked.lower() == name.lower()]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    known = "; ".join(f"{axis} {name}" for axis, name in names.items()) or "none"
    near = get_close_matches(asked, names.values(), n=1, cutoff=0.3)
    hint = f" Did you mean {near[0]!r}?" if near and not found else ""
    raise UnknownItemError(f"{len(found) or 'no'} axes are called {asked!r}.{hint} Known: {known}.")

"""What may be shown depends on where the user is: tables, lists, the check and the service."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.attributes.reading import read_attributes
from ntg_assets.attributes.regions import ANYWHERE, regional_exclusions_at, user_regions_at
from ntg_assets.configuration.inputs.attributes import AttributeSourceSettings, AvailabilitySettings
from ntg_assets.contracts import IdTypes
from ntg_assets.ranking.checks import barred_places
from ntg_assets.ranking.lists.audiences import audiences, excluded_there
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.ranking.lists.scored_users import recommendation_rows, walk_audiences, walk_users
from ntg_assets.sources.sources import Place
from ntg_assets_tests.ranking_world import NO_TITLES, World, communities, make_world

AT = datetime(2024, 3, 1)
CUTOFF = datetime(2024, 5, 1)
SETTINGS = AvailabilitySettings(regions="shown_in", user_region="country")
LOG = communities(3)
USERS = pl.Series(sorted(LOG["user_id"].unique()))
REGIONS = pl.DataFrame(
    {
        "user_id": USERS,
        "region": [("SE", "NO", ANYWHERE)[user // 3 % 3] for user in USERS],
    }
)


def attributes(folder: Path, entity: str, text: str) -> pl.DataFrame:
    """Attributes of a file whose last column is the attribute, known from the start."""
    names = text.split("\n", 1)[0].split(",")
    (folder / f"{entity}.csv").write_text(text, encoding="utf-8")
    source = AttributeSourceSettings(
        entity=entity,
        files=[f"{entity}.csv"],
        id="id",
        known_from="known" if "known" in names else None,
        attributes={names[-1]: names[-1]},
    )
    ids = IdTypes("integer", "integer")
    return read_attributes(source, place=Place(folder), ids=ids, zone="UTC").rows


def test_a_user_is_where_the_last_row_known_before_the_cutoff_says(tmp_path: Path) -> None:
    rows = attributes(
        tmp_path,
        "user",
        "id,known,country\n1,2024-01-01,se\n1,2024-02-01, NO \n1,2024-03-01,DK\n2,2024-01-01,\n",
    )
    told = user_regions_at(pl.Series([1, 2, 3, 1]), rows, settings=SETTINGS, at=AT)
    # the row of the cutoff itself is not known before it; a blank and no row are unknown
    assert told.rows() == [(1, "NO"), (2, ANYWHERE), (3, ANYWHERE)]


def test_an_item_is_barred_where_its_regions_do_not_name(tmp_path: Path) -> None:
    rows = attributes(
        tmp_path,
        "item",
        'id,shown_in\n1,\n2,se\n3,"SE; no"\n4,DK|NO\n5, , \n6,Sweden\n'.replace("5, , ", '5," "'),
    )
    barred = regional_exclusions_at(
        pl.Series([1, 2, 3, 4, 5, 6, 7]),
        pl.Series(["SE", "NO", ANYWHERE, "SE"]),
        rows,
        settings=SETTINGS,
        at=AT,
    )
    by_region = {
        region: items["item_id"].to_list()
        for (region,), items in barred.group_by("region", maintain_order=True)
    }
    # 1, 5, 7 name no region; 3 names both; "Sweden" is no word of the users: barred everywhere
    assert by_region == {ANYWHERE: [2, 4, 6], "NO": [2, 6], "SE": [4, 6]}


def test_without_a_known_region_of_users_only_unbound_items_are_left(tmp_path: Path) -> None:
    rows = attributes(tmp_path, "item", "id,shown_in\n1,\n2,SE\n")
    barred = regional_exclusions_at(
        pl.Series([1, 2]), pl.Series([ANYWHERE]), rows, settings=SETTINGS, at=AT
    )
    assert barred.rows() == [(ANYWHERE, 2)]


def test_regions_are_named_for_items_and_users_or_for_neither() -> None:
    with pytest.raises(ValueError, match="regions is named without user_region"):
        AvailabilitySettings(regions="shown_in")


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(LOG, CUTOFF)


@pytest.fixture(scope="module")
def barred(world: World) -> pl.DataFrame:
    """The item in most lists is barred in SE, the next one in NO; both where nothing is known."""
    counts = world.tables["recommendations"]["item_id"].value_counts()
    first, second = counts.sort(["count", "item_id"], descending=[True, False])["item_id"][:2]
    pairs = [("SE", first), ("NO", second), (ANYWHERE, first), (ANYWHERE, second)]
    return pl.DataFrame(pairs, schema={"region": pl.String, "item_id": pl.Int64}, orient="row")


def lists(world: World, barred: pl.DataFrame) -> pl.DataFrame:
    rows = recommendation_rows(world.model, titles=NO_TITLES, cutoff_at=CUTOFF)
    parts = audiences(world.log, world.model, user_regions=REGIONS, regional_exclusions=barred)
    return pl.concat(made for (made,) in walk_audiences(world.log, parts, [rows]))


def test_lists_hold_nothing_barred_and_are_as_long_as_before(
    world: World, barred: pl.DataFrame
) -> None:
    made, free = lists(world, barred), world.tables["recommendations"]
    places = {"user_regions": REGIONS, "regional_exclusions": barred}
    nothing = free.select("item_id").clear()
    # the check finds what the lists without regions would have shown, and nothing in those with
    assert barred_places(free, nothing, **places).height > 0
    assert barred_places(made, nothing, **places).is_empty()
    assert made.height == free.height
    # where somebody is shown the item elsewhere, they are still shown it
    first = barred["item_id"][0]
    shown_in = made.filter(pl.col("item_id") == first).join(REGIONS, on="user_id")["region"]
    assert set(shown_in) == {"NO"}


def test_without_bound_items_lists_are_those_of_one_walk_to_the_bit(world: World) -> None:
    rows = recommendation_rows(world.model, titles=NO_TITLES, cutoff_at=CUTOFF)
    nothing = pl.DataFrame(schema={"region": pl.String, "item_id": pl.Int64})
    one_walk = pl.concat(made for (made,) in walk_users(world.log, world.model, [rows]))
    assert lists(world, nothing).equals(one_walk)


def test_the_service_gives_the_list_of_the_night_to_the_bit(
    world: World, barred: pl.DataFrame
) -> None:
    nightly = lists(world, barred)
    recommender = Recommender(
        model=world.model,
        titles=world.model.items.cast(pl.String),
        default_list=world.tables["default_list"],
        cutoff_at=CUTOFF,
        log=world.log,
        store=Path("unused"),
        user_regions=REGIONS,
        regional_exclusions=barred,
    )
    columns = ["user_id", "rank", "item_id", "score", "strongest_source", "recommendation_id"]
    for user in USERS[:12]:
        expected = nightly.filter(pl.col("user_id") == user).select(columns)
        assert recommender.recommend(user).select(columns).equals(expected)
    # a history without a user: nobody knows where, so nothing that is barred anywhere
    by_hand = recommender.recommend(events=LOG.filter(pl.col("user_id") == USERS[0]))
    assert not set(by_hand["item_id"]) & set(barred["item_id"])


def test_the_default_list_is_checked_like_a_user_of_no_known_region(
    world: World, barred: pl.DataFrame
) -> None:
    rules = excluded_there(world.tables["item_rules"], barred, ANYWHERE)
    excluded = rules.filter(pl.col("exclusion").is_not_null())
    assert set(excluded["item_id"]) == set(barred["item_id"])
    broken = barred_places(
        world.tables["recommendations"].clear(),
        barred.select("item_id").unique(),
        user_regions=REGIONS,
        regional_exclusions=barred,
    )
    assert broken["region"].to_list() == [ANYWHERE] * 2

"""Lists of the night as they are mapped: byte for byte what would be computed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.serving.answers import list_of_user, published_list
from ntg_assets.serving.generations import LISTS_FOLDER, Generation, Generations
from ntg_assets.serving.messages import ListedItem
from ntg_assets.serving.published_lists import PublishedLists
from ntg_assets.storage.connection import connect
from ntg_assets_tests.publications import publish_world, settings_of
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)
# quotes, a backslash, a line end, no ASCII: what JSON writes otherwise than it is
TITLE = 'Ein "Käfer" \\ im\nWald ☂'
ITEMS = pl.DataFrame(
    {"item_id": [1], "title": [TITLE], "categories": pl.Series([None], dtype=pl.String)}
)
CATEGORIES = pl.DataFrame({"item_id": [1], "category": ["one"], "position": pl.Series([1])})
FIELDS = tuple(ListedItem.model_fields)


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(LOG, CUTOFF, ranking=RANKING, titles=ITEMS, categories=CATEGORIES)


def publish(world: World, folder: Path, *, generation: str = "first") -> Paths:
    return publish_world(
        world,
        LOG,
        folder,
        cutoff_at=CUTOFF,
        items=ITEMS,
        item_categories=CATEGORIES,
        generation=generation,
        configuration=settings_of(world).fingerprint,
    )


@pytest.fixture(scope="module")
def generation(world: World, tmp_path_factory: pytest.TempPathFactory) -> Generation:
    paths = publish(world, tmp_path_factory.mktemp("published"))
    return Generations(settings_of(world), paths).current


def answers(generation: Generation, user: int, k: int | None) -> tuple[bytes | None, bytes]:
    asked = str(user)
    computed = list_of_user(generation, asked, k=k, id_type="integer")
    return (
        published_list(generation, asked, k=k, id_type="integer"),
        computed.model_dump_json().encode(),
    )


@pytest.mark.parametrize("k", [None, 1, RANKING.top_k - 1, RANKING.top_k])
def test_a_list_of_the_night_is_byte_for_byte_the_one_that_would_be_computed(
    generation: Generation, k: int | None
) -> None:
    for user in LOG["user_id"].unique():
        ready, computed = answers(generation, user, k)
        assert ready == computed


def test_titles_of_any_characters_are_among_them(generation: Generation) -> None:
    ready = [answers(generation, user, None)[0] for user in LOG["user_id"].unique()]
    assert any(b"K\xc3\xa4fer" in answer for answer in ready if answer)


def test_what_the_night_did_not_make_is_left_to_be_computed(generation: Generation) -> None:
    for asked, k in (("1", RANKING.top_k + 1), ("999999", None), ("-1", None), ("no number", None)):
        assert published_list(generation, asked, k=k, id_type="integer") is None


def test_lists_of_another_configuration_are_not_those_of_the_service(
    world: World, tmp_path: Path
) -> None:
    settings = settings_of(world, ranking=RANKING.model_copy(update={"top_k": 3}))
    served = Generations(settings, publish(world, tmp_path)).current
    assert served.lists is None
    assert published_list(served, "1", k=None, id_type="integer") is None
    assert len(list_of_user(served, "1", k=None, id_type="integer").items) == 3


def test_a_service_that_may_write_nothing_computes_every_list_and_says_so(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paths = publish(world, tmp_path)
    paths.scratch.write_text("no folder")
    served = Generations(settings_of(world), paths).current
    assert served.lists is None
    assert "every list is computed" in caplog.text
    assert list_of_user(served, "1", k=None, id_type="integer").items


def store_of(folder: Path, rows: pl.DataFrame) -> Path:
    store = folder / "store.duckdb"
    with connect(store) as connection:
        connection.execute("create schema live")
        connection.register("incoming", rows)
        connection.execute("create table live.recommendations as select * from incoming")
    return store


def rows_of(users: list[str], n_places: int) -> pl.DataFrame:
    """Rows in an order of their own: neither by user nor by rank."""
    rows = pl.DataFrame({"user_id": users}).join(
        pl.DataFrame({"rank": range(n_places, 0, -1)}), how="cross"
    )
    return rows.with_columns(
        pl.format("{} {}", "user_id", "rank").alias("title"),
        pl.lit(1).alias("item_id"),
        pl.lit(0.1).alias("score"),
        pl.lit(None, pl.String).alias("rule"),
        *(pl.lit("").alias(name) for name in ("reason", "strongest_source", "recommendation_id")),
    ).sample(fraction=1.0, shuffle=True, seed=1)


def test_ids_that_are_texts_are_found_whatever_their_order(tmp_path: Path) -> None:
    users = ["b", "a", "Z", "ä", "10", "9", ""]
    lists = PublishedLists.load(
        store_of(tmp_path, rows_of(users, 2)),
        tmp_path,
        generation="one",
        fields=["title"],
        longest=2,
    )
    for user in users:
        assert lists.places(user, k=1) == f'{{"title":"{user} 1"}}'.encode()
        assert lists.places(user, k=2) == f'{{"title":"{user} 1"}},{{"title":"{user} 2"}}'.encode()
    for stranger in ("c", "A", "zz", "8"):
        assert lists.places(stranger, k=1) is None


def test_a_list_that_ran_out_of_candidates_is_as_short_as_it_was(tmp_path: Path) -> None:
    lists = PublishedLists.load(
        store_of(tmp_path, rows_of(["a"], 2)),
        tmp_path,
        generation="one",
        fields=["rank"],
        longest=9,
    )
    assert lists.places("a", k=9) == b'{"rank":1},{"rank":2}'
    assert lists.places("a", k=10) is None


def test_nobody_has_a_list(tmp_path: Path) -> None:
    lists = PublishedLists.load(
        store_of(tmp_path, rows_of([], 2)), tmp_path, generation="one", fields=["rank"], longest=9
    )
    assert lists.places("a", k=1) is None


def test_processes_that_load_at_once_share_one_whole_file(tmp_path: Path) -> None:
    store, folder = store_of(tmp_path, rows_of(["a", "b"], 3)), tmp_path / "lists"

    def load(_: int) -> bytes | None:
        lists = PublishedLists.load(store, folder, generation="one", fields=FIELDS, longest=3)
        return lists.places("b", k=3)

    with ThreadPoolExecutor(8) as pool:
        assert len({*pool.map(load, range(16))}) == 1
    assert {file.suffix for file in folder.iterdir()} == {".places", ".ends", ""}


@pytest.mark.slow
def test_a_newer_generation_replaces_the_file_and_an_open_one_goes_on(
    world: World, tmp_path: Path
) -> None:
    generations = Generations(settings_of(world), publish(world, tmp_path))
    older = generations.current
    before = published_list(older, "1", k=None, id_type="integer")
    publish(world, tmp_path, generation="second")
    assert generations.refresh()
    files = sorted((tmp_path / "data" / "scratch" / LISTS_FOLDER).glob("*-*"))
    assert [file.name.split("-")[0] for file in files] == ["second", "second"]
    assert published_list(older, "1", k=None, id_type="integer") == before


def test_a_file_that_was_left_unfinished_is_written_anew(tmp_path: Path) -> None:
    store, folder = store_of(tmp_path, rows_of(["a"], 3)), tmp_path / "lists"

    def load() -> bytes | None:
        return PublishedLists.load(
            store, folder, generation="one", fields=["rank"], longest=3
        ).places("a", k=3)

    whole = load()
    next(folder.glob("*.ends")).unlink()
    next(folder.glob("*.places")).write_bytes(b"half of")
    assert load() == whole == b'{"rank":1},{"rank":2},{"rank":3}'

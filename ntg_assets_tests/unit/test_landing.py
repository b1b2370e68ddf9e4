"""What lies elsewhere comes whole or not at all, once, and is accounted for."""

import json
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.inputs.landing import FetchSettings, LandingSettings
from ntg_assets.contracts import IdTypes, contract_of, schema_of
from ntg_assets.errors import SourceError
from ntg_assets.landing.assets import landed_files, validate
from ntg_assets.landing.fetch import Fetched, fetch_all, raise_if_failures
from ntg_assets.landing.objects import copied
from ntg_assets.violations import violations
from ntg_assets_tests.object_store import CHANGED, ObjectStore, object_store


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with object_store() as serving:
        yield serving


def landing(*fetches: dict[str, Any]) -> LandingSettings:
    return LandingSettings.model_validate({"fetch": list(fetches)})


def events(store: ObjectStore, **more: Any) -> LandingSettings:
    base = {"name": "events", "url": "s3://logs/events/", "region": "us-east-1"}
    return landing(base | {"endpoint": store.endpoint} | more)


def one(settings: LandingSettings, root: Path) -> Fetched:
    (done,) = fetch_all(settings, root)
    return done


def held(root: Path, name: str = "events") -> dict[str, bytes]:
    folder = root / name
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_what_lies_below_a_prefix_comes_under_its_names_without_markers(
    store: ObjectStore, tmp_path: Path
) -> None:
    store.put("logs/events/day=2024-01-01/a.csv", b"one")
    store.put("logs/events/day=2024-01-02/b.csv", b"two")
    for marker in ("_SUCCESS", "day=2024-01-01/.a.csv.crc", "_temporary/0/c.csv", "notes.txt"):
        store.put(f"logs/events/{marker}", b"not data")
    store.put("logs/other/d.csv", b"elsewhere")
    done = one(events(store, pattern="*.csv"), tmp_path)
    assert done.problem is None
    assert held(tmp_path) == {"day=2024-01-01/a.csv": b"one", "day=2024-01-02/b.csv": b"two"}
    assert [file.sha256 for file in done.files] == [
        sha256(text).hexdigest() for text in (b"one", b"two")
    ]
    assert done.files[0].origin == "s3://logs/events/day=2024-01-01/a.csv"
    assert done.sentence == "landing.events: 2 files, 6 bytes; 2 of them new"


def test_what_did_not_change_is_not_brought_again_and_what_is_gone_goes(
    store: ObjectStore, tmp_path: Path
) -> None:
    store.put("logs/events/a.csv", b"one")
    store.put("logs/events/b.csv", b"two")
    one(events(store), tmp_path)
    del store.objects["logs/events/b.csv"]
    store.put("logs/events/c.csv", b"new")
    store.read.clear()
    done = one(events(store), tmp_path)
    assert store.read == ["logs/events/c.csv"]
    assert held(tmp_path) == {"a.csv": b"one", "c.csv": b"new"}
    assert done.n_new == 1
    contents = {content.read_bytes() for content in (tmp_path / ".contents").iterdir()}
    assert contents == {b"one", b"new"}


def test_a_content_that_was_lost_here_is_brought_again(store: ObjectStore, tmp_path: Path) -> None:
    store.put("logs/events/a.csv", b"one")
    one(events(store), tmp_path)
    for content in (tmp_path / ".contents").iterdir():
        content.unlink()
    assert one(events(store), tmp_path).problem is None
    assert held(tmp_path) == {"a.csv": b"one"}


def test_a_fetch_that_fails_leaves_what_was_there_and_says_what_to_do(
    store: ObjectStore, tmp_path: Path
) -> None:
    store.put("logs/events/a.csv", b"one")
    settings = events(store)
    one(settings, tmp_path)
    store.refuses = True
    done = fetch_all(settings, tmp_path)
    assert held(tmp_path) == {"a.csv": b"one"}
    with pytest.raises(SourceError, match=r"AWS_ACCESS_KEY_ID.*the fetch before stays \(1 files"):
        raise_if_failures(settings, done)
    raise_if_failures(events(store, required=False), done)
    assert not validate(done).passed
    (row,) = landed_files(done).rows(named=True)
    assert (row["file"], row["n_bytes"], row["is_current"]) == ("a.csv", 3, False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("s3://logs/nothing/", "0 objects lie below"),
        ("s3://logs/events/gone.csv", "does not exist"),
    ],
)
def test_an_address_without_an_object_is_named(
    store: ObjectStore, tmp_path: Path, url: str, told: str
) -> None:
    store.put("logs/events/a.csv", b"one")
    done = one(events(store, url=url), tmp_path)
    assert done.problem is not None
    assert told in done.problem or "could not be read" in done.problem
    assert done.sentence.endswith("So nothing was fetched before.")
    assert not (tmp_path / "events").exists()


def test_an_object_that_changes_while_it_is_read_is_not_taken(
    store: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("logs/events/a.csv", b"one")
    settings = events(store)

    def changing(*arguments: Any, **more: Any) -> Iterator[bytes]:
        store.put("logs/events/a.csv", b"another", changed=CHANGED + 60)
        return copied(*arguments, **more)

    monkeypatch.setattr("ntg_assets.landing.fetch.copied", changing)
    done = one(settings, tmp_path)
    assert "it changed while it was fetched (3 bytes were listed" in str(done.problem)
    assert list((tmp_path / ".contents").iterdir()) == []


def test_one_file_of_a_mounted_folder(tmp_path: Path) -> None:
    (tmp_path / "mount").mkdir()
    (tmp_path / "mount" / "items.csv").write_text("item_id\n1\n")
    done = one(
        landing({"name": "items", "url": f"file://{tmp_path}/mount/items.csv"}), tmp_path / "here"
    )
    assert held(tmp_path / "here", "items") == {"items.csv": b"item_id\n1\n"}
    assert done.files[0].origin == f"file://{tmp_path}/mount/items.csv"


@pytest.fixture
def database(tmp_path: Path) -> str:
    connection = sqlite3.connect(tmp_path / "shop.db")
    connection.execute("create table orders (customer integer, sku text, paid real)")
    connection.executemany("insert into orders values (?, ?, ?)", [(1, "a", 2.5), (2, "b", None)])
    connection.commit()
    connection.close()
    return f"sqlite:///{tmp_path}/shop.db"


def test_a_query_becomes_a_parquet_file_with_its_types(database: str, tmp_path: Path) -> None:
    asked = {"name": "orders", "url": database, "query": "select * from orders order by 1;"}
    done = one(landing(asked), tmp_path / "here")
    assert done.problem is None
    rows = pl.read_parquet(tmp_path / "here" / "orders" / "rows.parquet")
    assert rows.rows() == [(1, "a", 2.5), (2, "b", None)]
    assert rows.schema["paid"] == pl.Float64
    assert one(landing(asked), tmp_path / "here").n_new == 0  # the same rows, the same content


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from nothing", "refused the query"),
        ("select 1 as a, 2 as a", "several columns called a"),
        ("select * from orders where paid > 100", "has no rows"),
    ],
)
def test_a_query_that_cannot_be_read_is_one_sentence(
    database: str, tmp_path: Path, query: str, told: str
) -> None:
    done = one(landing({"name": "orders", "url": database, "query": query}), tmp_path / "here")
    assert told in str(done.problem)
    assert not (tmp_path / "here" / "orders").exists()


@pytest.mark.parametrize(
    ("fetch", "told"),
    [
        ({"url": "s3://id:key@logs/events/"}, "credentials come from the environment"),
        ({"url": "postgresql://me@host/db", "query": "select 1"}, "credentials come from"),
        ({"url": "postgresql://host/db?password=x", "query": "select 1"}, "credentials come from"),
        ({"url": "ftp://host/x"}, "must begin with one of"),
        ({"url": "postgresql://host/db"}, "needs a query"),
        ({"url": "s3://logs/x", "query": "select 1"}, "takes no query"),
        ({"url": "az://logs/x"}, "needs the storage account"),
        ({"url": "s3://logs/x", "name": "../x"}, "is no folder name"),
    ],
)
def test_what_cannot_be_fetched_is_refused_in_the_configuration(
    fetch: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError, match=told):
        FetchSettings.model_validate({"name": "events"} | fetch)


def test_two_fetches_do_not_share_a_folder() -> None:
    with pytest.raises(ValidationError, match="two fetches are called events"):
        landing(*2 * [{"name": "events", "url": "s3://logs/x"}])


def test_the_table_of_what_came_keeps_its_contract(store: ObjectStore, tmp_path: Path) -> None:
    store.put("logs/events/a.csv", b"one")
    good = one(events(store), tmp_path)
    bad = Fetched("gone", [], problem="landing.gone: it does not exist.")
    rows = landed_files([good, bad])
    schema = schema_of(contract_of("landed_files"), IdTypes(user="integer", item="integer"))
    assert violations(rows, schema) == []
    assert violations(landed_files([]), schema) == []
    assert violations(rows.with_columns(n_bytes=-1), schema)
    assert [row["is_current"] for row in rows.rows(named=True)] == [True, False]
    assert json.loads((tmp_path / "events.json").read_text())["files"][0]["name"] == "a.csv"

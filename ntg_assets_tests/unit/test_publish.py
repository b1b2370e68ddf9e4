"""What is published is whole, described, and does not break its readers."""

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import StorageError
from ntg_assets.publish.json_schemas import incompatibilities, report_schema
from ntg_assets.publish.manifest import Manifest, describe_file, read_manifest, write_manifest
from ntg_assets.publish.reports import REPORTS, SCHEMA_VERSION, Header, report
from ntg_assets.publish.store_copy import publish_store
from ntg_assets.publish.verify import verify_publication
from ntg_assets.storage.files import write_text, write_whole

HEADER = Header(source="a log", configuration="abc", as_of="2024-01-01T00:00:00")


def test_failing_write_leaves_the_old_file_and_no_part(tmp_path: Path) -> None:
    target = write_text(tmp_path / "deep" / "report.json", "old")

    def fails(part: Path) -> None:
        part.write_text("half of the n")
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        write_whole(target, fails)
    assert target.read_text() == "old"
    assert [file.name for file in target.parent.iterdir()] == ["report.json"]


def test_manifest_finds_missing_shorter_and_altered_files(tmp_path: Path) -> None:
    paths = Paths(home=tmp_path, workspace=tmp_path)
    names = ["a.json", "b.json", "c.json"]
    files = [
        describe_file(
            write_text(tmp_path / "outputs" / name, f"content of {name}"),
            workspace=tmp_path,
            kind="report",
        )
        for name in names
    ]
    write_manifest(
        Manifest(generation="g1", source="s", configuration="c", as_of="now", files=files),
        paths.manifest,
    )
    assert verify_publication(paths) == ("g1", 3)
    (tmp_path / "outputs" / "a.json").unlink()
    (tmp_path / "outputs" / "b.json").write_text("short")
    (tmp_path / "outputs" / "c.json").write_text("Content of c.json")
    with pytest.raises(StorageError) as refused:
        verify_publication(paths)
    for told in (
        "a.json is missing",
        "b.json has 5 bytes in place of 17",
        "c.json holds other bytes of the same length",
        "ntg run-all",
    ):
        assert told in str(refused.value)


def test_damaged_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"generation": "g1"}')
    with pytest.raises(StorageError, match=r"is damaged \(source: Field required\)"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_bytes(b"\xff")
    with pytest.raises(StorageError, match="is damaged"):
        read_manifest(tmp_path / "manifest.json")
    (tmp_path / "manifest.json").write_text('{"generation": 1')
    with pytest.raises(StorageError, match="is damaged"):
        read_manifest(tmp_path / "manifest.json")


def test_read_copy_can_be_read_by_older_tools(tmp_path: Path) -> None:
    target = tmp_path / "published" / "ntg.duckdb"
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as warehouse:
        warehouse.execute(
            "create schema ingest; create table ingest.items as"
            " select 2 as item_id, 'Heat' as title, null::text as categories"
        )
        publish_store(warehouse, [("ingest", "items")], target=target)
    with duckdb.connect(str(target), read_only=True) as copy:
        assert copy.execute("select item_id from ingest.items").fetchall() == [(2,)]
        storage = copy.execute(
            "select tags['storage_version'] from duckdb_databases() where database_name ="
            " current_database()"
        ).fetchall()
        assert str(storage[0][0]).startswith("v1.4")


def test_report_is_plain_json() -> None:
    things = pl.DataFrame(
        {"on": [date(2024, 1, 1)], "share": [float("inf")], "name": ['o\'neil "q" 🎬']}
    )
    content = json.loads(report("data", {"things": things}, header=HEADER))
    assert content["things"] == [{"on": "2024-01-01", "share": None, "name": 'o\'neil "q" 🎬'}]
    assert (content["schema_version"], content["configuration"]) == (SCHEMA_VERSION, "abc")


@pytest.mark.parametrize("name", list(REPORTS))
def test_report_schema_breaks_no_reader_of_the_published_one(
    name: str, golden: Callable[[str, str], None], request: pytest.FixtureRequest
) -> None:
    schema = report_schema(
        name, list(REPORTS[name]), version=SCHEMA_VERSION, ids=IdTypes("integer", "integer")
    )
    text = json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
    reviewed = Path(__file__).parent.parent / "golden" / "files" / f"{name}.schema.json"
    if reviewed.exists() and not request.config.getoption("rewrite_golden"):
        published = json.loads(reviewed.read_text())
        if published["version"].split(".")[0] == SCHEMA_VERSION.split(".")[0]:
            assert incompatibilities(published, schema) == [], (
                "raise the major SCHEMA_VERSION, or keep what readers rely on"
            )
    golden(f"{name}.schema.json", text)


def test_what_breaks_a_reader_is_found() -> None:
    old = report_schema("data", ["split_report"], version="1.0", ids=IdTypes("integer", "integer"))
    assert incompatibilities(old, old) == []
    grown, shrunk, retyped, nullable = deepcopy(old), deepcopy(old), deepcopy(old), deepcopy(old)
    grown["properties"]["split_report"]["items"]["properties"]["more"] = {"type": "string"}
    del shrunk["properties"]["split_report"]["items"]["properties"]["n_users"]
    retyped["properties"]["split_report"]["items"]["properties"]["n_users"]["type"] = "string"
    nullable["properties"]["split_report"]["items"]["properties"]["n_users"]["type"] = [
        "integer",
        "null",
    ]
    assert incompatibilities(old, grown) == []
    assert incompatibilities(old, shrunk) == ["/split_report[]/n_users: is gone"]
    assert incompatibilities(old, retyped) == [
        "/split_report[]/n_users: was integer, may now be string"
    ]
    assert incompatibilities(old, nullable) == [
        "/split_report[]/n_users: was integer, may now be integer/null"
    ]

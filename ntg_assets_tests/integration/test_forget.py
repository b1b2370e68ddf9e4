"""`ntg forget` leaves nothing below the workspace that names a person."""

import json
import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from ntg_assets.publish.forgetting.people import person_columns
from ntg_assets_tests.workspaces import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def movielens(movielens: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A copy: tests of other files count the people of the one that they share."""
    workspace = Workspace(tmp_path_factory.mktemp("forgotten"))
    shutil.copytree(movielens.folder, workspace.folder, symlinks=True, dirs_exist_ok=True)
    return workspace


@pytest.fixture(scope="module")
def told(movielens: Workspace) -> tuple[str, dict[str, object], str]:
    """Forget the first user of a contact list; what was told, and the generation before."""
    before = json.loads((movielens.folder / "outputs" / "manifest.json").read_text())["generation"]
    [draw] = (movielens.folder / "data" / "history" / "assignments").glob("*.parquet")
    user = str(pl.read_parquet(draw)["user_id"][0])
    return user, json.loads(movielens.fresh.done("forget", user, "--yes", "--json")), before


def test_publication_without_them_is_whole_and_current(
    movielens: Workspace, told: tuple[str, dict[str, object], str]
) -> None:
    user, done, before = told
    assert done["generation"] != before
    assert done["removed"] == [before]
    assert f"generation {done['generation']}" in movielens.done("verify")
    store = movielens.folder / "data" / "published" / "ntg.duckdb"
    with duckdb.connect(str(store), read_only=True) as connection:
        named = connection.execute(
            "select schema_name, table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
        for schema, table, column in named:
            if column in person_columns():
                asked = f"select count(*) from {schema}.{table} where {column}::text = '{user}'"
                assert connection.execute(asked).fetchall() == [(0,)], (schema, table)
        assert connection.execute("select count(*) from ingest.events").fetchall() > [(90_000,)]


def test_no_file_holds_them(movielens: Workspace, told: tuple[str, dict[str, object], str]) -> None:
    user, done, _ = told
    assert not movielens.warehouse.exists()
    for file in Path(movielens.folder / "data").rglob("*.parquet"):
        rows = pl.read_parquet(file)
        for column in person_columns() & {*rows.columns}:
            assert user not in rows[column].cast(pl.String).to_list(), file
    contacts = pl.read_csv(movielens.folder / "outputs" / "radar" / "contact_list.csv")
    assert int(user) not in contacts["user_id"].to_list()
    assert any("ratings.csv" in name for name in done["sources"])  # type: ignore[attr-defined]


def test_trace_tells_a_forget_and_no_tampering(
    movielens: Workspace, told: tuple[str, dict[str, object], str]
) -> None:
    del told
    assert "the log was changed by a forget on " in movielens.done("trace", "blend-vs-popularity")
    movielens.done("replay", "blend-vs-popularity")


def test_same_call_again_has_nothing_left_to_do(
    movielens: Workspace, told: tuple[str, dict[str, object], str]
) -> None:
    user, done, _ = told
    again = json.loads(movielens.done("forget", user, "--yes", "--json"))
    assert (again["generation"], again["n_rows"]) == (done["generation"], {})
    assert again["removed"] == again["touched"] == again["history"] == []
    assert len(list((movielens.folder / "data" / "history" / "forgets").iterdir())) == 1

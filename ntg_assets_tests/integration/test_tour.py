"""The tour of the published store runs as its page says."""

import re

import pytest

from ntg_assets.storage.connection import connect
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow
PAGE = (HOME / "docs" / "tour.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_every_question_of_the_tour_has_an_answer(movielens: Workspace) -> None:
    asked = blocks("sql")
    assert len(asked) >= 9
    store = movielens.folder / "data" / "published" / "ntg.duckdb"
    with connect(store, read_only=True) as connection:
        for question in asked:
            assert connection.execute(question).fetchall(), question
        views = connection.execute(
            "select view_name from duckdb_views() where not internal"
        ).fetchall()
    assert {name for (name,) in views} == set(re.findall(r"answers\.(\w+)", PAGE))


def test_three_charts_come_from_the_store(
    movielens: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(movielens.folder)
    [script] = blocks("python")
    exec(compile(script, "docs/tour.md", "exec"), {})  # noqa: S102  # our own page
    assert (movielens.folder / "tour.png").read_bytes().startswith(b"\x89PNG")


def test_sql_command_answers_from_the_publication(movielens: Workspace) -> None:
    told = movielens.done("sql", "--csv", "select count(*) as n from ingest.events")
    assert told == "n\n100836\n"
    refused = movielens.ntg("sql", "drop view answers.lists")
    assert refused.returncode == 1
    assert "read-only" in refused.stderr

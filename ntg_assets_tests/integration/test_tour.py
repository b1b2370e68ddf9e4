"""The tour of the published store, and the questions, run as their pages say."""

import json
import re

import pytest

from ntg_assets.definitions import defs
from ntg_assets.storage.connection import connect
from ntg_assets_tests.workspaces import HOME, Workspace
from tools.tour_notebook import NOTEBOOK, written

pytestmark = pytest.mark.slow
TOUR, QUESTIONS = ((HOME / "docs" / f"{n}.md").read_text("utf-8") for n in ("tour", "questions"))
NOT_VIEWS = {"column_sources"}  # a table beside the views


def blocks(language: str, page: str = TOUR) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page, re.DOTALL | re.MULTILINE)


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
    assert {name for (name,) in views} == set(re.findall(r"answers\.(\w+)", TOUR)) - NOT_VIEWS


def test_the_questions_are_answered_by_a_query_each(movielens: Workspace) -> None:
    asked = blocks("sql", QUESTIONS)
    assert len(asked) == 20 == len(re.findall(r"^\| \d+ ", QUESTIONS, re.MULTILINE))
    store = movielens.folder / "data" / "published" / "ntg.duckdb"
    with connect(store, read_only=True) as connection:
        for question in asked:
            assert connection.execute(question).fetchall(), question


def test_pages_in_the_ui_that_the_questions_name_are_there() -> None:
    named = set(re.findall(r"`((?:ingest|backtest|live|experiments|published)/\w+)`", QUESTIONS))
    keys = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    jobs = {job.name for job in defs.get_repository_def().get_all_jobs()}
    assert named <= keys
    assert {"ingest_alone", "backtest_alone", "live_alone", "experiments"} <= jobs


def test_three_charts_come_from_the_store(
    movielens: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(movielens.folder)
    [script] = blocks("python")
    exec(compile(script, "docs/tour.md", "exec"), {})  # noqa: S102  # our own page
    assert (movielens.folder / "tour.png").read_bytes().startswith(b"\x89PNG")


def test_the_notebook_is_that_of_the_page_and_runs(
    movielens: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert NOTEBOOK.read_text("utf-8") == written(TOUR), "python -m tools.tour_notebook"
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    (movielens.folder / "docs").mkdir(exist_ok=True)
    monkeypatch.chdir(movielens.folder / "docs")  # where Jupyter runs it
    names: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)  # noqa: S102  # our own page
    assert (movielens.folder / "tour.png").read_bytes().startswith(b"\x89PNG")


def test_sql_command_answers_from_the_publication(movielens: Workspace) -> None:
    told = movielens.fresh.done("sql", "--csv", "select count(*) as n from ingest.events")
    assert told == "n\n100836\n"
    refused = movielens.ntg("sql", "drop view answers.lists")
    assert refused.returncode == 1
    assert "read-only" in refused.stderr

"""A run is planned so that nothing that may come out differently is left out, and nothing that a
check would have stopped gets past it.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ntg_assets.cli.running.plan import render_plan
from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.orchestration.remembering import plan as planning
from ntg_assets.orchestration.remembering.changes import Change
from ntg_assets.orchestration.remembering.plan import Plan, plan_run
from ntg_assets.orchestration.remembering.planned import PLANNED_ON, raise_if_other_state, state_of
from ntg_assets.orchestration.remembering.record import Made, Verdict
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets.sql import Table

LOG, DAYS, LISTS, PAGE = (Table("ingest", name) for name in ("log", "days", "lists", "page"))
FETCHED = Table("ingest", "fetched")
MODULE = "ntg_assets.splits.assets"
WORKS = [
    Work("fetch", MODULE, (FETCHED,)),
    Work("read", MODULE, (LOG,), files=("ingest.events.files",), after=(FETCHED,)),
    Work("count", MODULE, (DAYS,), (LOG,)),
    Work("list", MODULE, (LISTS,), (DAYS,)),
    Work("publish", MODULE, (PAGE,), (LISTS,), after=(FETCHED,)),
    Work("log_is_whole", MODULE, (), (LOG,), checks=((LOG, "is_whole"),), is_blocking=True),
    Work("days_are_many", MODULE, (), (DAYS,), checks=((DAYS, "are_many"),)),
]
SETTING = Change("setting", "ranking.top_k")
WARNED = Verdict(
    table="ingest.days", check="contract", passed=False, is_warning=True, description="few"
)


class Known:
    """What is known of steps, without a store."""

    folder = Path("nowhere")

    def __init__(self, own: dict[str, Change], stored: dict[str, Change]) -> None:
        self.own, self.stored = own, stored

    def own_changes(self, work: Work, made: Made | None) -> list[Change]:
        assert made is not None
        return [self.own[work.name]] if work.name in self.own else []

    def stored_changes(self, work: Work, made: Made) -> list[Change]:
        assert made is not None
        return [self.stored[work.name]] if work.name in self.stored else []


@pytest.fixture(autouse=True)
def _records(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "read_made", lambda _, step: made(step))


def made(step: str) -> Made:
    verdicts = [WARNED] if step == "count" else []
    return Made(
        run="r", code={}, environment={}, sections=[], settings={}, inputs={}, files={}, tables={},
        verdicts=verdicts,
    )  # fmt: skip


def planned(own: dict[str, Change] | None = None, stored: dict[str, Change] | None = None) -> Plan:
    memory: Any = Known(own or {}, stored or {})  # no more is asked of it
    return plan_run(memory, {work.name: work for work in WORKS})  # in place of the graph


def test_what_nothing_has_changed_of_is_left_and_warnings_are_told_again() -> None:
    plan = planned()
    assert (plan.made, plan.looked_at, plan.told_again) == ({}, {}, ["count"])
    assert set(plan.left) == {work.name for work in WORKS} - {"count"}
    assert plan.tables == {DAYS}


def test_what_reads_a_table_that_is_made_is_looked_at() -> None:
    plan = planned({"count": SETTING})
    assert plan.made == {"count": [SETTING]}
    assert plan.looked_at == {
        "list": ["ingest.days"],
        "days_are_many": ["ingest.days"],
        "publish": ["ingest.lists"],
    }


def test_a_table_that_was_damaged_is_made() -> None:
    damaged = Change("damaged", "ingest.lists")
    plan = planned(stored={"list": damaged})
    assert plan.made == {"list": [damaged]}
    assert plan.looked_at == {"publish": ["ingest.lists"]}


def test_files_are_looked_at_again_after_a_fetch() -> None:
    plan = planned({"fetch": Change("always", "landing.fetch names what lies elsewhere")})
    assert plan.looked_at["read"] == ["ingest.fetched"]
    assert "list" in plan.looked_at


def test_a_check_that_could_stop_the_run_brings_what_it_could_stop() -> None:
    plan = planned({"log_is_whole": Change("new", "it did not pass")})
    assert plan.looked_at.keys() == {"count", "list", "publish", "days_are_many"}
    assert LOG in plan.tables  # with its asset, so that what follows waits for the check


def test_a_check_that_only_warns_brings_its_table_alone() -> None:
    plan = planned({"days_are_many": Change("new", "it did not pass")})
    assert plan.looked_at == {}
    assert plan.tables == {DAYS}


def test_a_plan_is_told_by_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    plan = planned({"count": SETTING, "fetch": SETTING, "read": Change("file", "a.csv")})
    render_plan(plan, console=Console(width=200), as_json=False)
    printed = capsys.readouterr().out
    assert "settings have changed: ranking.top_k\n  2 steps: fetch, count" in printed
    assert "files have changed: a.csv\n  1 step: read" in printed
    render_plan(plan, console=Console(), as_json=True)
    tree = json.loads(capsys.readouterr().out)
    assert {"step": "count", "tables": ["ingest.days"], "because": [SETTING._asdict()]} in tree[
        "made"
    ]


def test_a_plan_on_another_warehouse_is_refused(tmp_path: Path) -> None:
    paths = Paths(home=tmp_path, workspace=tmp_path)
    paths.warehouse.parent.mkdir(parents=True)
    tags = {PLANNED_ON: state_of(paths)}
    raise_if_other_state(paths, tags)
    paths.warehouse.write_text("written meanwhile")
    raise_if_other_state(paths, {})  # of a run that leaves nothing out
    with pytest.raises(StorageError, match="written after this run was planned"):
        raise_if_other_state(paths, tags)

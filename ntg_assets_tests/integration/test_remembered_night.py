"""After a night on the bundled sample: whatever could change a table is told by `ntg plan` before a
run, section by section and file by file; and a night that changes nothing costs next to nothing.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.cli.running.plan import work_plan
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import DEPLOYMENT_SECTIONS, Settings, load_settings
from ntg_assets.orchestration.remembering.code import is_known
from ntg_assets.orchestration.remembering.files import READERS
from ntg_assets.orchestration.remembering.kept_steps import KnownSteps, kept_steps, loaded_steps
from ntg_assets.orchestration.remembering.plan import Plan, plan_of
from ntg_assets.orchestration.remembering.steps import makers
from ntg_assets.sql import Table
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow

FETCH = [{"name": "log", "url": "file:///nowhere/ratings.csv"}]
# of each section that a result may depend on: a value to change, and a table whose step looks at it
CHANGES: dict[str, tuple[str, Any, str]] = {
    "seed": ("seed", 7, "backtest.radar_stability"),
    "landing": ("landing.fetch", FETCH, "ingest.landed_files"),
    "ingest": ("ingest.max_bad_share", 0.2, "ingest.events"),
    "split": ("split.val_share", 0.2, "backtest.split_boundaries"),
    "features": ("features.recent_days", 60, "backtest.interaction_features"),
    "taste": ("taste.neighbours_per_item", 12, "backtest.taste_graph"),
    "ranking": ("ranking.top_k", 12, "live.recommendations"),
    "churn": ("churn.regularisation", 3.0, "backtest.churn_coefficients"),
    "subscriptions": ("subscriptions.max_fit_rows", 1234, "backtest.contract_states"),
    "value": ("value.annual_discount", 0.2, "backtest.ltv_estimates"),
    "radar": ("radar.holdout_share", 0.3, "live.intervention_targets"),
    "experiments": ("experiments.self_tested", 3, "experiments.self_tests"),
    "off_policy": ("off_policy.list_length", 4, "backtest.off_policy_report"),
    "gate": ("gate.bootstrap_samples", 123, "backtest.ranking_report"),
}


@pytest.fixture(scope="module")
def night(movielens: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The bundled night, once more, in a copy that other tests do not look at: what compares with
    the publication before has settled.
    """
    again = Workspace(tmp_path_factory.mktemp("night"))
    shutil.copytree(movielens.folder, again.folder, symlinks=True, dirs_exist_ok=True)
    again.done("run-all")
    return again


def steps_of_ntg() -> KnownSteps:
    """Load the graph's steps, without those that other tests have declared in this process."""
    steps = loaded_steps()
    ours = {name: work for name, work in steps.works.items() if is_known(work.module)}
    return steps._replace(works=ours)


def planned(night: Workspace, **overrides: Any) -> Plan:
    variables = {
        "NTG_WORKSPACE": str(night.folder),
        "NTG_GATE__REMAKING": "false",
        "NTG_CONFIG": night.config,
    }
    settings = load_settings(home=HOME, environment=variables, overrides=overrides)
    paths = Paths(home=HOME, workspace=night.folder.resolve())
    assert kept_steps(paths.steps)  # `run-all` has left them
    plan = work_plan(settings, paths)
    loaded = plan_of(settings, paths, steps_of_ntg())
    assert asdict(plan) == asdict(loaded)
    return plan


def test_every_section_is_changed_here() -> None:
    assert CHANGES.keys() == Settings.model_fields.keys() - DEPLOYMENT_SECTIONS


@pytest.mark.parametrize("section", CHANGES)
def test_a_changed_section_makes_what_looks_at_it(night: Workspace, section: str) -> None:
    key, value, table = CHANGES[section]
    plan = planned(night, **{key: value})
    step = makers(plan.works)[Table(*table.split("."))]
    reasons = [change.what for change in plan.made[step] if change.kind == "setting"]
    assert reasons
    assert all(what.startswith(key) for what in reasons)
    others = [name for name, changes in plan.made.items() if changes[0].kind != "setting"]
    assert {name for name in others if plan.works[name].tables} <= {"published__publication"}


def test_a_night_that_changes_nothing_makes_only_the_publication_and_blocks_nobody(
    night: Workspace,
) -> None:
    plan = planned(night)
    assert {step for step in plan.made if plan.works[step].tables} == {"published__publication"}
    before = night.hashes()
    published = night.folder / "data" / "published" / "ntg.duckdb"
    inode = published.stat().st_ino
    with analyst_of(published) as analyst:
        printed = night.done("run-all")
        # the same generation again is left alone, and whoever holds it goes on
        assert published.stat().st_ino == inode
        rest, _ = analyst.communicate("go on\n")
    assert rest.strip() == str(610 * 20)
    assert night.fresh.done("generations").count("current") == 1
    assert "tables are left" in printed
    assert night.hashes() == before
    assert json.loads(night.fresh.done("plan", "--json"))["looked_at"] == []


@contextmanager
def analyst_of(store: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that has read from the published copy, and counts the lists once it is told to."""
    script = (
        "import duckdb, sys; con = duckdb.connect(sys.argv[1], read_only=True);"
        " print(con.execute('select count(*) from ingest.events').fetchall()[0][0], flush=True);"
        " sys.stdin.readline(); print(con.execute('select count(*) from"
        " live.recommendations').fetchall()[0][0], flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(store)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as analyst:
        assert analyst.stdout is not None
        assert analyst.stdout.readline().strip() == "100836"
        yield analyst


def test_everything_made_again_is_the_same(
    night: Workspace, request: pytest.FixtureRequest
) -> None:
    if not request.config.getoption("exhaustive"):  # a whole run; small logs are held so elsewhere
        pytest.skip("only with --exhaustive")
    before = night.hashes()
    assert "tables are left" not in night.done("run-all", "--all")
    assert night.hashes() == before


def test_an_edited_source_file_is_seen_and_what_follows_is_looked_at(
    night: Workspace, tmp_path: Path
) -> None:
    log = tmp_path / "ratings.csv"
    shutil.copyfile(HOME / "data" / "sample" / "ml-latest-small" / "ratings.csv", log)
    plan = planned(
        night,
        **{"ingest.events.files": [str(log)], "ingest.source_folders": [str(tmp_path)]},
    )
    kinds = {change.kind for change in plan.made["source_files"]}
    assert kinds == {"setting", "file"}
    assert makers(plan.works)[Table("live", "recommendations")] in plan.looked_at


def test_what_is_fetched_is_looked_at_after_the_fetch(night: Workspace) -> None:
    plan = planned(night, **{"landing.fetch": FETCH})
    assert "fetched_files" in plan.made
    assert {"source_files", "configured_files"} <= plan.looked_at.keys() | plan.made.keys()


def test_every_file_that_a_step_declares_is_understood() -> None:
    """What is not is read in every run: only the publication and its check are."""
    words = {
        word for work in steps_of_ntg().works.values() if not work.always for word in work.files
    }
    assert words - READERS.keys() == {"data/current", "data/history/generations"} - READERS.keys()

"""A night on which every optional thing is broken is published all the same,
contacts nobody, and says what is missing. Its days are those of Los Angeles.
"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from ntg_assets.synthetic.world import write_world
from ntg_assets_tests.workspaces import HOME, Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small synthetic world, and a configuration that names it, and much that is not there."""
    folder = tmp_path_factory.mktemp("world")
    write_world(folder, n_events=10_000, n_users=200, n_items=80, seed=1)
    text = (
        (HOME / "configs" / "synthetic.yaml")
        .read_text(encoding="utf-8")
        .replace("data/synthetic", str(folder))
    )
    overlay = yaml.safe_load(text)
    overlay["ingest"]["source_folders"] = [str(folder)]
    overlay["ingest"]["service_timezone"] = "America/Los_Angeles"  # every other run's is UTC
    overlay["churn"]["walk_forward_origins"] = 2  # how long a score is judged is not asked here
    overlay["experiments"]["self_tested"] = 1
    checkout = dict(overlay["experiments"]["definitions"][0], id="checkout")
    checkout["source"] = {**checkout["source"], "exposures": {"files": [str(folder / "gone.csv")]}}
    overlay["experiments"]["definitions"].append(checkout)
    overlay["off_policy"]["shown"]["propensity"] = "chance"
    overlay["radar"] = {
        "opt_out_file": str(folder / "out.csv"),
        "trial": {"files": [str(folder / "trial.csv")]},
    }
    (folder / "overlay.yaml").write_text(yaml.safe_dump(overlay), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def night(source: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, str]:
    """The whole graph on that configuration, and what the run printed."""
    workspace = Workspace(tmp_path_factory.mktemp("night"), config=str(source / "overlay.yaml"))
    return workspace, workspace.done("run-all")


def test_what_is_broken_is_told_before_anything_else_and_at_the_end(
    night: tuple[Workspace, str],
) -> None:
    _, printed = night
    told = ("radar.opt_out_file", "radar.trial", "experiments.checkout", "off_policy.shown")
    early, late = printed.split("ingest/events", 1)
    for key in told:
        assert key in early
        assert key in late.split("data      ", 1)[1]
    assert "✗ live/contact_holds: contact_lists_go_out: every contact list is withheld" in printed
    assert (
        "✗ experiments/experiment_problems: no_experiment_is_broken: 1 experiments are broken:"
        " checkout" in printed
    )


def test_nobody_is_contacted_and_the_rest_is_published(night: tuple[Workspace, str]) -> None:
    workspace, _ = night
    workspace.done("verify")
    assert workspace.table("live", "revenue_risk_radar").height > 0
    assert workspace.table("live", "recommendations").height > 0
    assert set(workspace.table("experiments", "decisions")["experiment"]) == {
        "synthetic-trial",
        "blend-vs-popularity",
    }
    assert workspace.table("live", "intervention_targets").is_empty()
    radar = workspace.folder / "outputs" / "radar"
    assert len((radar / "contact_list.csv").read_text().splitlines()) == 1
    assert "out.csv: no such file" in (radar / "contact_list.WITHHELD.txt").read_text()
    assert not list(radar.glob("assignments/*"))  # nobody is logged as contacted or held out
    page = (workspace.folder / "reports" / "decision_brief.html").read_text(encoding="utf-8")
    assert "Every contact list of this night is withheld: contact nobody." in page
    assert "experiments.checkout" in page


def test_the_lists_come_back_when_the_list_does_and_hold_nobody_who_is_on_it(
    night: tuple[Workspace, str], source: Path
) -> None:
    workspace, _ = night
    at_risk = (
        workspace.table("live", "revenue_risk_radar")
        .filter("is_at_risk_population")
        .sort("rank")["user_id"]
    )
    opted_out = at_risk.head(3).to_list()
    (source / "out.csv").write_text("user_id\n" + "".join(f"{user}.0\n" for user in opted_out))
    workspace.done("score-users", "--stage", "live")
    targets = workspace.table("live", "intervention_targets")
    contacted: set[Any] = set(targets.filter(pl.col("action") == "contact")["user_id"])
    assert contacted
    assert not contacted & set(opted_out)
    (row,) = workspace.table("live", "user_list_report").filter(list="opt_outs").rows(named=True)
    assert (row["n_ids"], row["n_found"], row["n_near"], row["is_usable"]) == (3, 3, 0, True)

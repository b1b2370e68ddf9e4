"""The off-policy assets in Dagster: a log by configuration, stored tables, the check's sentence."""

from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import polars as pl
import pytest
import yaml

from ntg_assets.off_policy import assets, checks
from ntg_assets.off_policy.checks import NOT_CONFIGURED
from ntg_assets.optional_sources.assets import configured_files
from ntg_assets.orchestration.collection import definitions_in
from ntg_assets.orchestration.contract_checks import NAME
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project

CUTOFF = datetime(2024, 6, 1)
USERS = 600
UPSTREAM = {
    "split_boundaries": {
        "part": ["train"],
        "start_at": [datetime(2024, 1, 1)],
        "end_at": [CUTOFF],
        "strategy": ["global_time"],
    },
    "default_list": {"rank": [1], "item_id": ["a"]},
    "strategy_lists": {
        "strategy": ["blend"] * USERS,
        "user_id": list(range(USERS)),
        "rank": [1] * USERS,
        "item_id": ["b"] * USERS,
        "score": [1.0] * USERS,
    },
    "train_events": {"user_id": list(range(USERS)), "item_id": ["a", "b"] * (USERS // 2)},
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the upstream tables of a back-test already in its warehouse."""
    (tmp_path / "configs").mkdir()
    events = {"files": ["log.csv"], "user_id_type": "integer"}
    (tmp_path / "configs" / "dev.yaml").write_text(yaml.safe_dump({"ingest": {"events": events}}))
    # it must be there before anything else is read
    (tmp_path / "log.csv").write_text("user_id,item_id,event_at\n")
    rows = [
        f"{user},{'ab'[user % 2]},2024-06-02T10:00:00Z,1,0.5,{user % 2}" for user in range(USERS)
    ]
    old = [f"{user},a,2024-05-02T10:00:00Z,1,0.5,1" for user in range(USERS)]
    (tmp_path / "shown.csv").write_text(
        "\n".join(["user_id,item_id,shown_at,slot,propensity,reward", *rows, *old, "9,a,x,1,1,1"])
        + "\n"
    )
    store = tmp_path / "data" / "warehouse" / "warehouse.duckdb"
    store.parent.mkdir(parents=True)
    with duckdb.connect(str(store)) as connection:
        connection.execute("create schema backtest")
        for name, columns in UPSTREAM.items():
            connection.register("incoming", pl.DataFrame(columns))
            connection.execute(f"create table backtest.{name} as select * from incoming")
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    return tmp_path


def own_checks(result: dg.ExecuteInProcessResult) -> list[dg.AssetCheckEvaluation]:
    """The checks but those of contracts, which every table has."""
    return [check for check in result.get_asset_check_evaluations() if check.check_name != NAME]


def materialize(**overrides: Any) -> dg.ExecuteInProcessResult:
    project = Project(overrides=overrides)
    made = [configured_files, *definitions_in(assets), *definitions_in(checks)]
    keys = {key for part in made for key in part.keys}
    stored = {key for part in made for key in part.dependency_keys} - keys
    return dg.materialize(
        [*made, *(dg.SourceAsset(key) for key in sorted(stored))],
        resources={
            "project": project,
            "io_manager": NtgDuckDBIOManager(project=project, database="warehouse"),
        },
        instance=dg.DagsterInstance.ephemeral(),
    )


def read(home: Path, table: str) -> pl.DataFrame:
    with duckdb.connect(
        str(home / "data" / "warehouse" / "warehouse.duckdb"), read_only=True
    ) as connection:
        return connection.sql(f"select * from backtest.{table}").pl()


@pytest.mark.slow
def test_a_configured_log_ends_in_a_report_that_can_be_believed(home: Path) -> None:
    result = materialize(**{"off_policy.shown": {"files": ["shown.csv"], "position": "slot"}})
    report = read(home, "off_policy_report")
    assert report["strategy"].to_list() == ["logged", "blend", "blend", "blend"]
    by = {row["estimator"]: row for row in report.iter_rows(named=True)}
    assert by["on_policy"]["value"] == 1 / 2
    # every second user saw b, which all of them clicked
    assert by["ips"]["value"] == pytest.approx((USERS / 2) * (1 / 0.5) * 1 / USERS)
    assert by["snips"]["value"] == pytest.approx(1.0)
    assert read(home, "shown_items").height == 2 * USERS
    fates = dict(read(home, "shown_log_report").select("fate", "n_rows").iter_rows())
    assert fates == {"held_out": USERS, "before_cutoff": USERS, "rejected": 1}
    (check,) = own_checks(result)
    assert check.passed
    assert check.description == "all checks hold (600 before_cutoff, 600 held_out, 1 rejected)"


@pytest.mark.slow
def test_a_log_that_ends_before_the_cutoff_says_so(home: Path) -> None:
    text = (home / "shown.csv").read_text().replace("2024-06-02", "2024-04-02")
    (home / "shown.csv").write_text(text)
    (check,) = own_checks(
        materialize(**{"off_policy.shown": {"files": ["shown.csv"], "position": "slot"}})
    )
    assert not check.passed
    assert "no exposure lies at or after the cutoff" in str(check.description)


@pytest.mark.slow
def test_nothing_configured_leaves_empty_tables_and_one_sentence(home: Path) -> None:
    result = materialize()
    assert all(
        read(home, table).is_empty()
        for table in (
            "shown_items",
            "shown_log_report",
            "off_policy_report",
            "off_policy_comparisons",
        )
    )
    (check,) = own_checks(result)
    assert (check.passed, check.description) == (True, NOT_CONFIGURED)


@pytest.mark.slow
def test_a_log_that_cannot_be_read_leaves_the_estimates_out_and_nothing_else(home: Path) -> None:
    # no propensity
    (home / "shown.csv").write_text("user_id,item_id,shown_at,slot,reward\n1,a,2024-06-02,1,1\n")
    result = materialize(**{"off_policy.shown": {"files": ["shown.csv"], "position": "slot"}})
    assert result.success
    assert all(
        read(home, table).is_empty()
        for table in ("shown_items", "shown_log_report", "off_policy_report", "off_policy_problems")
    )
    (check,) = own_checks(result)
    assert not check.passed
    assert (
        "nothing was estimated: shown.csv: no column 'propensity' (off_policy.shown.propensity)"
        in str(check.description)
    )


@pytest.mark.slow
def test_a_log_from_which_nothing_can_be_estimated_says_why(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise np.linalg.LinAlgError("Singular matrix")

    monkeypatch.setattr("ntg_assets.off_policy.report.fit_reward_model", fails)
    (check,) = own_checks(
        materialize(**{"off_policy.shown": {"files": ["shown.csv"], "position": "slot"}})
    )
    assert (check.passed, check.description) == (
        False,
        "nothing was estimated: LinAlgError: Singular matrix (not foreseen)",
    )
    assert read(home, "shown_items").height == 2 * USERS
    assert read(home, "off_policy_report").is_empty()

"""Configured lists and logs in Dagster: read first and once;
in doubt nobody is contacted, and everything else is made.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import polars as pl
import pytest
import yaml

from ntg_assets.contracts import IdTypes, contract_of, schema_of
from ntg_assets.definitions import defs
from ntg_assets.events.volume import SCHEMA as VOLUME
from ntg_assets.optional_sources.assets import configured_files
from ntg_assets.optional_sources.checks import configured_files_can_be_read
from ntg_assets.orchestration.collection import definitions_in
from ntg_assets.orchestration.contract_checks import NAME
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.revenue.contacts import checks as contact_checks
from ntg_assets.revenue.contacts.contact_candidates import contact_candidates
from ntg_assets.stages import BACKTEST, LIVE
from ntg_assets_tests.unit.test_revenue_radar import radar_of

CUTOFF = datetime(2024, 4, 1)
USERS = ["u1   ", "u2   ", "u3   ", "u4   "]  # as a CHAR column pads them
MADE = (
    "user_list_report",
    "contact_holds",
    "intervention_exclusions",
    "intervention_targets",
    "intervention_assignments",
)


def empty(table: str) -> pl.DataFrame:
    """A table without rows, as its contract has it."""
    columns = schema_of(contract_of(table), IdTypes("string", "string")).columns
    return pl.DataFrame(schema={name: found.dtype.type for name, found in columns.items()})


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder whose warehouse holds what the lists are chosen from."""
    (tmp_path / "configs").mkdir()
    strategies = [{"name": "maximum_risk", "objective": "revenue_at_risk"}]
    overlay = {
        "ingest": {"events": {"files": ["log.csv"]}},
        "radar": {"holdout_share": 0, "strategies": strategies},
    }
    (tmp_path / "configs" / "dev.yaml").write_text(yaml.safe_dump(overlay))
    (tmp_path / "log.csv").write_text("user_id,item_id,event_at\n")
    names = pl.col("user_id").replace_strict(dict(enumerate(USERS)), return_dtype=pl.String)
    radar = radar_of(*((user, 0.5, 100.0 - user) for user in range(len(USERS)))).with_columns(names)
    before = radar.select("user_id", churn_probability_before=pl.lit(0.4))
    tables = {
        "revenue_risk_radar": radar,
        "churn_scores": before,
        "contact_candidates": contact_candidates(
            radar,
            before,
            empty("contract_scores"),
            empty("contract_values"),
            empty("return_scores"),
            unit="index",
            conversion=None,
        ),
        "contact_rules": empty("contact_rules"),
        "contacts_taken": empty("contacts_taken"),
        "uplift_estimates": radar.select("user_id", expected_uplift=pl.lit(0.0)).clear(),
        "split_boundaries": pl.DataFrame(
            {
                "part": ["train"],
                "start_at": [datetime(2024, 1, 1)],
                "end_at": [CUTOFF],
                "strategy": ["x"],
            }
        ),
    }
    store = tmp_path / "data" / "warehouse" / "warehouse.duckdb"
    store.parent.mkdir(parents=True)
    with duckdb.connect(str(store)) as connection:
        connection.execute("create schema live")
        for name, frame in tables.items():
            connection.register("incoming", frame)
            connection.execute(f"create table live.{name} as select * from incoming")
        connection.register("nothing_doubtful", pl.DataFrame(schema=VOLUME))
        connection.execute(
            "create schema ingest; create table ingest.volume_report as select * from"
            " nothing_doubtful"
        )
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    return tmp_path


def materialize(
    overrides: dict[str, Any], *, sources: bool = True, lists: bool = True
) -> dg.ExecuteInProcessResult:
    """Make what is read of the configured files, the lists of tonight,
    or both, with their checks.
    """
    project = Project(overrides=overrides)
    keys = set(configured_files.keys) if sources else set()
    keys |= {dg.AssetKey([LIVE, table]) for table in MADE} if lists else set()
    assets = [
        asset
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and asset.keys <= keys
    ]
    checks = [
        check
        for check in (*configured_files_can_be_read, *definitions_in(contact_checks))
        if {key.asset_key for key in check.check_keys} <= keys
    ]
    stored = {key for part in (*assets, *checks) for key in part.dependency_keys} - keys
    return dg.materialize(
        [*assets, *checks, *(dg.SourceAsset(key) for key in sorted(stored))],
        resources={
            "project": project,
            "io_manager": NtgDuckDBIOManager(project=project, database="warehouse"),
        },
        instance=dg.DagsterInstance.ephemeral(),
    )


def rows(home: Path, text: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(
        str(home / "data" / "warehouse" / "warehouse.duckdb"), read_only=True
    ) as connection:
        return connection.execute(text).fetchall()


def failed(result: dg.ExecuteInProcessResult) -> dict[str, str]:
    return {
        check.check_name: str(check.description)
        for check in result.get_asset_check_evaluations()
        if not check.passed
    }


@pytest.mark.slow
def test_whoever_opted_out_is_on_no_list_and_the_counts_say_how_the_ids_met(home: Path) -> None:
    (home / "out.csv").write_text("user_id\nu1   \nu2\nsomebody else\n")
    result = materialize({"radar.opt_out_file": "out.csv"})
    assert rows(
        home, "select user_id from live.intervention_targets where action = 'contact' order by rank"
    ) == [("u3   ",), ("u4   ",)]
    assert rows(
        home, "select user_id, exclusion, detail from live.intervention_exclusions order by 1"
    ) == [
        ("u1   ", "opted_out", "on the opt-out list"),
        ("u2   ", "opted_out", "on the opt-out list (written as 'u2')"),
    ]
    assert rows(home, "select n_ids, n_found, n_near, n_not_found from live.user_list_report") == [
        (3, 1, 1, 1)
    ]
    told = failed(result)
    # made-up rows have no reasons
    assert set(told) == {"user_lists_match_the_log", "contacts_lead_with_what_raises_the_risk"}
    assert (
        told["user_lists_match_the_log"]
        == "radar.opt_out_file: 1 of the 2 users that it names are written otherwise in the log"
        " (such as 'u2' for 'u2   ')"
    )


@pytest.mark.slow
def test_a_list_that_cannot_be_read_withholds_every_list_is_said_first_and_stops_nothing(
    home: Path,
) -> None:
    (home / "out.csv").write_text("user_id\nu1   \n")
    (home / "sent.csv").write_text("user,day\n")
    log = {"files": ["sent.csv"]}
    result = materialize(
        {
            "radar.opt_out_file": "out.csv",
            "radar.contact_log": log,
            "radar.trial": {"files": ["gone.csv"]},
        }
    )
    assert result.success
    first = [
        event
        for event in result.all_events
        if event.event_type_value == "STEP_START"
        or (
            event.event_type_value == "ASSET_CHECK_EVALUATION"
            and event.asset_check_evaluation_data.check_name != NAME
        )
    ][:3]
    assert [event.step_key for event in first] == [
        "configured_files",
        *["ingest__optional_sources_configured_files_can_be_read"] * 2,
    ]
    told = failed(result)
    assert set(told) == {"configured_files_can_be_read", "contact_lists_go_out"}
    assert "sent.csv: no column 'user_id'" in told["contact_lists_go_out"]
    for key, consequence in (
        ("radar.contact_log", "so every contact list is withheld"),
        ("radar.trial", "so nothing is measured from it"),
    ):
        assert key in told["configured_files_can_be_read"]
        assert consequence in told["configured_files_can_be_read"]
    assert rows(home, "select count(*) from live.intervention_targets") == rows(
        home, "select count(*) from live.intervention_assignments"
    )
    assert rows(home, "select count(*) from live.intervention_assignments") == [(0,)]
    deciding = (
        "select exclusion, count(*) from live.intervention_exclusions where is_deciding group by 1"
    )
    assert rows(home, deciding) == [("withheld", len(USERS))]
    assert rows(home, "select source, is_usable from ingest.optional_sources order by 1") == [
        ("radar.contact_log", False),
        ("radar.opt_out_file", True),
        ("radar.trial", False),
    ]


@pytest.mark.slow
def test_no_step_but_the_first_reads_a_configured_list_again(home: Path) -> None:
    """What was judged is what is used: a list that disappears after it was read changes nothing."""
    (home / "out.csv").write_text("user_id\nu1   \n")
    setting = {"radar.opt_out_file": "out.csv"}
    materialize(setting, lists=False)
    (home / "out.csv").unlink()
    materialize(setting, sources=False)
    assert rows(home, "select user_id from live.intervention_exclusions") == [("u1   ",)]


def test_the_lists_of_the_back_test_are_held_against_its_own_users() -> None:
    graph = defs.resolve_asset_graph()
    for stage in (BACKTEST, LIVE):
        parents = graph.get(dg.AssetKey([stage, "user_list_report"])).parent_keys
        assert {key.path[0] for key in parents if key.path[-1] == "contact_candidates"} == {stage}
        assert not any(key.path[-1] == "events" for key in parents)

"""Five worlds through Dagster: an exposure log with clusters, strata and a covariate, from its file
to decisions, and the same numbers without Dagster.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import numpy as np
import polars as pl
import pytest
import yaml

from ntg_assets.configuration.settings import load_settings
from ntg_assets.contracts import IdTypes, contract_of, schema_of
from ntg_assets.definitions import defs
from ntg_assets.experiments.alone import conclude_logs
from ntg_assets.experiments.health import aa_tests
from ntg_assets.optional_sources.assets import configured_files
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.sources.sources import Place
from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST
from ntg_assets_tests.trials import trial, write

WORLDS, SHOPS, EACH = 5, 16, 6
START = datetime(2026, 1, 5)
REPLAYED = ("strategy_lists", "revenue_risk_radar", "val_events", "test_events")
LOGGED = {
    "exposures": {"files": ["seen.csv"], "experiment": "experiment"},
    "outcomes": {"files": ["did.csv"], "event_type": "kind", "value": "value"},
}
METRIC = {"name": "revenue", "kind": "revenue", "event_types": ["buy"], "covariates": ["age"]}


def definition(world: int) -> dict[str, Any]:
    one = trial(
        id=f"world-{world}",
        source=LOGGED,
        cluster_id="shop",
        strata="country",
        metrics=[METRIC],
        planned_units=SHOPS * EACH,
    )
    return one.model_dump(mode="json", exclude_unset=True)


def write_worlds(home: Path) -> None:
    """Write one log of five worlds without an effect, except in the last one."""
    rng = np.random.default_rng(5)
    seen: list[tuple[Any, ...]] = []
    did: list[tuple[Any, ...]] = [("other", START + timedelta(days=60), "buy", 0)]
    for world in range(WORLDS):
        for unit in range(SHOPS * EACH):
            shop, day = unit // EACH, unit % 12
            at, arm = START + timedelta(days=day), "ab"[shop % 2]
            name, age = f"{world}-{unit}", round(float(rng.normal(40, 9)), 1)
            seen.append((f"world-{world}", name, arm, at, f"s{shop}", "ad"[shop % 4 // 2], age))
            lift = 9 if world == WORLDS - 1 and arm == "b" else 0
            paid = round(float(rng.normal(30, 2)) + shop % 3 + lift, 2)
            did.append((name, at + timedelta(days=1), "buy", paid))
    write(home / "seen.csv", "experiment,user_id,arm,exposed_at,shop,country,age", seen)
    write(home / "did.csv", "user_id,happened_at,kind,value", did)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the log, and a warehouse without lists of a replay."""
    (tmp_path / "configs").mkdir()
    (tmp_path / "log.csv").write_text("user_id,item_id,event_at\n")
    overlay = {
        "ingest": {"events": {"files": ["log.csv"]}},
        "experiments": {"definitions": [definition(world) for world in range(WORLDS)]},
    }
    (tmp_path / "configs" / "dev.yaml").write_text(yaml.safe_dump(overlay))
    write_worlds(tmp_path)
    store = tmp_path / "data" / "warehouse" / "warehouse.duckdb"
    store.parent.mkdir(parents=True)
    with duckdb.connect(str(store)) as connection:
        for schema, tables in ((BACKTEST, REPLAYED), (INGEST, ("events", "item_categories"))):
            connection.execute(f"create schema {schema}")
            for name in tables:
                types = schema_of(contract_of(name), IdTypes("string", "string")).columns
                rows = pl.DataFrame(schema={key: one.dtype.type for key, one in types.items()})
                connection.register("incoming", rows)
                connection.execute(f"create table {schema}.{name} as select * from incoming")
    monkeypatch.setenv("NTG_HOME", str(tmp_path))
    monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 10)
    return tmp_path


@pytest.mark.slow
def test_five_worlds_are_decided_by_dagster_as_without_it(home: Path) -> None:
    project = Project()
    assets = [
        asset
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition)
        and (
            asset.keys <= set(configured_files.keys)
            or {key.path[0] for key in asset.keys} == {EXPERIMENTS}
        )
    ]
    keys = {key for asset in assets for key in asset.keys}
    stored = {key for asset in assets for key in asset.dependency_keys} - keys
    result = dg.materialize(
        [*assets, *(dg.SourceAsset(key) for key in sorted(stored))],
        resources={
            "project": project,
            "io_manager": NtgDuckDBIOManager(project=project, database="warehouse"),
        },
        instance=dg.DagsterInstance.ephemeral(),
    )
    assert result.success
    with duckdb.connect(str(home / "data/warehouse/warehouse.duckdb"), read_only=True) as store:
        made = store.execute(
            "select experiment, difference, standard_error, p, method from experiments.readouts"
            " where comparison = 'between users' order by experiment"
        ).fetchall()
        decided = dict(
            store.execute("select experiment, decision from experiments.decisions").fetchall()
        )
        assert store.execute("select count(*) from experiments.experiment_problems").fetchall() == [
            (0,)
        ]
    now = datetime(2026, 12, 31)
    alone = conclude_logs(load_settings(), place=Place(home), now=now)
    assert alone.left_out == {}
    expected = alone.tables["readouts"].filter(comparison="between users").sort("experiment")
    assert [row[0] for row in made] == expected["experiment"].to_list()
    for column, name in enumerate(("difference", "standard_error", "p"), start=1):
        assert [row[column] for row in made] == pytest.approx(expected[name].to_list())
    assert {row[4] for row in made} == {
        f"mean over {SHOPS} clusters of shop (jackknife), 2 strata of country, 1 covariate"
    }
    assert decided.pop(f"world-{WORLDS - 1}") == "rollout"
    assert "rollout" not in decided.values()

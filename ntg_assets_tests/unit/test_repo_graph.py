"""Nothing is kept in a list by hand: what is decorated is in the graph, with its own contract."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from ntg_assets.contracts import Contract, column, contract, contract_of, known_tables, table_of
from ntg_assets.definitions import defs
from ntg_assets.errors import ContractError
from ntg_assets.features.contracts.items import ItemFeatures
from ntg_assets.features.contracts.users import UserFeatures
from ntg_assets.orchestration.checking import check_name
from ntg_assets.orchestration.collection import definitions_in, missing_from
from ntg_assets.orchestration.decorated import DECORATED, STEPS
from ntg_assets.orchestration.staging import staged_asset, staged_assets
from ntg_assets.stages import LEARNED_FROM
from ntg_assets.taste.contracts import Edge

ROOT = Path(__file__).parents[2]
# what is learned of the past of a stage
LEARNED = (
    *("ranking_weights", "default_list_report", "churn_labels", "churn_walk_forward"),
    *("churn_model_selection", "churn_recalibration", "churn_coefficients", "churn_uncertainty"),
    *("value_walk_forward", "value_shapes", "ltv_ranges"),
)


def graph_names() -> set[str]:
    graph = defs.resolve_asset_graph()
    return {key.to_user_string() for key in graph.get_all_asset_keys()} | {
        check_name(key) for key in graph.asset_check_keys
    }


def test_every_decorated_function_is_in_the_graph() -> None:
    assert missing_from(graph_names()) == []
    assert len(DECORATED) > 190  # assets and checks of all stages


def test_a_decorated_function_that_is_not_collected_is_named() -> None:
    names = graph_names()
    assert [told.split(" (")[0] for told in missing_from(names - {"live/user_features"})] == [
        "ntg_assets.features.assets.user_features"
    ]
    assert missing_from(names - {"ingest/events: ids_are_ids"})[0].startswith(
        "ntg_assets.events.checks.ids_are_ids (line "
    )


def test_what_is_learned_in_live_reads_nothing_that_a_day_of_the_week_adds_to() -> None:
    graph = defs.resolve_asset_graph()
    parents = {
        stage: {
            table: {key.path[-1] for key in graph.get(dg.AssetKey([stage, table])).parent_keys}
            for table in LEARNED
        }
        for stage in ("backtest", "live")
    }
    assert not set.union(*parents["live"].values()) & LEARNED_FROM.keys()
    assert parents["live"]["ranking_weights"] == {"learning_events"}
    assert parents["live"]["churn_walk_forward"] == {
        *("learning_snapshots", "learning_days", "churn_labels")
    }
    assert parents["backtest"]["ranking_weights"] == {"train_events"}
    assert parents["backtest"]["churn_walk_forward"] == {
        *("churn_snapshots", "user_days", "churn_labels")
    }


def test_a_table_is_a_dependency_of_its_readers_and_no_input_that_dagster_tells_of() -> None:
    steps = [
        asset.node_def for asset in defs.assets or () if isinstance(asset, dg.AssetsDefinition)
    ]
    puts = [put for step in steps for put in step.input_defs]
    assert len(puts) > 500  # every table that a step reads
    assert [put.name for put in puts if not put.dagster_type.is_nothing] == []
    parents = defs.resolve_asset_graph().get(dg.AssetKey(["live", "user_features"])).parent_keys
    assert {key.path[-1] for key in parents} == {
        *("user_days", "interaction_features", "item_categories", "split_boundaries")
    }


def test_a_second_maker_of_a_table_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ntg_assets.orchestration.collection.DECORATED",
        [("live/x", "ntg_assets.a.x (line 1)"), ("live/x", "ntg_assets.a.x (line 9)")],
    )
    assert missing_from({"live/x"}) == [
        "ntg_assets.a.x (line 1) makes live/x, which has several makers",
        "ntg_assets.a.x (line 9) makes live/x, which has several makers",
    ]


@pytest.mark.parametrize(
    ("file", "folder"), [("assets.py", "seasons"), ("assets.py", "churn/seasons")]
)
def test_a_module_named_assets_needs_no_entry_anywhere(
    tmp_path: Path, file: str, folder: str
) -> None:
    package = tmp_path / "ntg_assets"
    (package / folder).mkdir(parents=True)
    (package / folder / file).write_text("FOUND = True\n")
    script = (
        "import ntg_assets.modules as m, pathlib, sys\n"
        f"m.ROOT = pathlib.Path({str(package)!r})\n"
        f"import ntg_assets; ntg_assets.__path__.append({str(package)!r})\n"
        f"import ntg_assets.churn; ntg_assets.churn.__path__.append({str(package / 'churn')!r})\n"
        "(found,) = m.modules_named('assets.py')\n"
        "assert found.FOUND\nprint(found.__name__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"ntg_assets.{folder.replace('/', '.')}.assets"


def test_contract_and_table_are_one() -> None:
    for table in known_tables():
        assert table_of(contract_of(table)) == table


def test_a_contract_of_another_table_is_refused() -> None:
    def user_features(train_events: pl.DataFrame) -> pl.DataFrame:
        return train_events

    with pytest.raises(ContractError, match="makes user_features, and contract=ItemFeatures is"):
        staged_asset(contract=ItemFeatures, group="features")(user_features)
    with pytest.raises(ContractError, match="Edge is the contract of no table"):
        staged_asset(contract=Edge, group="features")(user_features)
    with pytest.raises(ContractError, match="Edge is the contract of no table"):
        staged_assets({Edge: "edges"}, group="features")(user_features)


def test_a_second_contract_of_one_table_is_refused() -> None:
    class UserFeatures(Contract):
        """One row per user."""

        user_id: str = column("Who")

    with pytest.raises(ContractError, match=r"users\.UserFeatures is its contract already"):
        contract("user_features")(UserFeatures)


def test_every_asset_shows_the_columns_of_its_contract() -> None:
    for made in defs.assets or []:
        assert isinstance(made, dg.AssetsDefinition)
        for spec in made.specs:
            shown = spec.metadata["dagster/column_schema"]
            names = [one.name for one in shown.columns]
            assert names == list(contract_of(spec.key.path[-1]).to_schema().columns)


def test_what_a_module_holds_in_a_list_is_found_too() -> None:
    def user_features(train_events: pl.DataFrame) -> pl.DataFrame:
        return train_events

    made = staged_asset(contract=UserFeatures, group="features")(user_features)
    module = type(sys)("made_for_a_test")
    module.user_features = made  # type: ignore[attr-defined]  # a module takes any name
    assert list(definitions_in(module)) == list(made)


def test_what_dagster_is_to_know_of_a_step_is_made_when_it_is_first_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def user_features(train_events: pl.DataFrame) -> pl.DataFrame:
        return train_events

    made: list[list[str]] = []

    def shown(*, key_prefix: list[str], **_: object) -> type[str]:
        made.append(key_prefix)
        return str

    monkeypatch.setattr(dg, "asset", shown)
    n_before = len(STEPS)
    several = staged_asset(contract=UserFeatures, group="features")(user_features)
    assert [step.name for step in STEPS[n_before:]] == [
        "backtest/user_features",
        "live/user_features",
    ]
    assert (len(several), made) == (2, [])
    assert len([*several, *several]) == 4
    assert made == [["backtest"], ["live"]]  # and once

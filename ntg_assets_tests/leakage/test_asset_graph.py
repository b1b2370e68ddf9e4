"""Nothing that is made from TRAIN can reach held-out events: asked of the asset graph itself."""

from typing import Any

import dagster as dg
import polars as pl

from ntg_assets.definitions import defs

HELD_OUT = {"val_events", "test_events"}
# groups that may look at what was held out
JUDGES = {"backtest_evaluation", "experiments", "published"}
WHOLE_LOG = {"ingest/events", "ingest/event_calendar"}
MAKES_THE_PARTS = {"split_boundaries", "train_events", "val_events", "test_events"}


def leaks(assets: list[dg.AssetsDefinition]) -> list[str]:
    """List the assets made from TRAIN from which a path leads to held-out events,
    or to the log past the split.
    """
    graph = graph_of(assets)
    found = []
    for key in graph.get_all_asset_keys():
        stage, table = key.path[0], key.path[-1]
        if (
            stage not in {"backtest", "live"}
            or table in MAKES_THE_PARTS
            or graph.get(key).group_name in JUDGES | {"backtest_splits"}
        ):
            continue
        parents = {parent.path[-1] for parent in graph.get(key).parent_keys}
        sources = {parent.to_user_string() for parent in graph.get(key).parent_keys}
        if parents & HELD_OUT or sources & WHOLE_LOG:
            found.append(
                f"{key.to_user_string()} reads {sorted(parents & HELD_OUT | sources & WHOLE_LOG)}"
            )
        if any(graph.get(parent).group_name in JUDGES for parent in graph.get(key).parent_keys):
            found.append(f"{key.to_user_string()} reads what was judged on held-out events")
        if any(parent.path[0] not in {stage, "ingest"} for parent in graph.get(key).parent_keys):
            found.append(f"{key.to_user_string()} reads another stage")
    return sorted(found)


def graph_of(assets: list[dg.AssetsDefinition]) -> Any:
    return dg.Definitions(assets=assets, resources=defs.resources).resolve_asset_graph()


def real_assets() -> list[dg.AssetsDefinition]:
    return [asset for asset in defs.assets or [] if isinstance(asset, dg.AssetsDefinition)]


def test_nothing_made_from_train_can_reach_held_out_events() -> None:
    assert leaks(real_assets()) == []
    graph = graph_of(real_assets())
    judged = [key for key in graph.get_all_asset_keys() if key.path[0] in {"backtest", "live"}]
    assert len(judged) > 50  # the question was asked of the whole pipeline


def test_planted_leak_is_found() -> None:
    @dg.asset(
        key_prefix="backtest",
        group_name="backtest_features",
        ins={"test_events": dg.AssetIn(key=["backtest", "test_events"])},
    )
    def tempting_features(test_events: pl.DataFrame) -> pl.DataFrame:
        return test_events

    @dg.asset(
        key_prefix="live",
        group_name="live_ranking",
        ins={"ranking_report": dg.AssetIn(key=["backtest", "ranking_report"])},
    )
    def weights_by_test(ranking_report: pl.DataFrame) -> pl.DataFrame:
        return ranking_report

    assert leaks([*real_assets(), tempting_features, weights_by_test]) == [
        "backtest/tempting_features reads ['test_events']",
        "live/weights_by_test reads another stage",
        "live/weights_by_test reads what was judged on held-out events",
    ]


def test_live_starts_only_behind_the_gate() -> None:
    graph = graph_of(real_assets())
    live = [key for key in graph.get_all_asset_keys() if key.path[0] == "live"]
    gate = dg.AssetKey(["backtest", "release_gate"])
    assert all(gate in graph.get_ancestor_asset_keys(key) for key in live)
    assert gate in graph.get_ancestor_asset_keys(dg.AssetKey(["published", "publication"]))

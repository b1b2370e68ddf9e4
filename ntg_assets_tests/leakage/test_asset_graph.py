"""Nothing that is made from TRAIN can reach held-out events: asked of the asset graph itself."""

from typing import Any

import dagster as dg
import polars as pl

from ntg_assets.declared_reads import FILES
from ntg_assets.definitions import defs
from ntg_assets.orchestration.graph_leaks import graph_leaks


def graph_of(assets: list[dg.AssetsDefinition]) -> Any:
    return dg.Definitions(assets=assets, resources=defs.resources).resolve_asset_graph()


def real_assets() -> list[dg.AssetsDefinition]:
    return [asset for asset in defs.assets or [] if isinstance(asset, dg.AssetsDefinition)]


def test_nothing_made_from_train_can_reach_held_out_events() -> None:
    assert graph_leaks(graph_of(real_assets())) == []
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

    assert graph_leaks(graph_of([*real_assets(), tempting_features, weights_by_test])) == [
        "backtest/tempting_features reads ['test_events']",
        "live/weights_by_test reads another stage",
        "live/weights_by_test reads what was judged on held-out events",
    ]


def test_planted_looks_at_earlier_nights_and_at_the_whole_load_are_found() -> None:
    def tempting(name: str, reads: list[str], file: str | None = None) -> dg.AssetsDefinition:
        @dg.asset(
            name=name,
            key_prefix="backtest",
            group_name="backtest_features",
            deps=[dg.AssetKey(path.split("/")) for path in reads],
            metadata={FILES: [file]} if file else {},
        )
        def made() -> None: ...

        return made

    planted = [
        tempting("by_publication", [], "data/published"),
        tempting("by_history", [], "data/history/segments"),
        tempting("by_load", ["ingest/load_ledger"]),
        tempting("from_them", ["backtest/by_publication", "backtest/by_history"]),
        tempting("looked_at_by_nobody", [], "data/features"),
    ]
    assert graph_leaks(graph_of([*real_assets(), *planted])) == [
        "backtest/by_history reads the history (data/history/segments), and is not about contacts",
        "backtest/by_load reads ['load_ledger']",
        (
            "backtest/by_publication reads an earlier publication (data/published), and"
            " backtest/from_them is made from it"
        ),
    ]


def test_live_starts_only_behind_the_gate() -> None:
    graph = graph_of(real_assets())
    live = [key for key in graph.get_all_asset_keys() if key.path[0] == "live"]
    gate = dg.AssetKey(["backtest", "release_gate"])
    assert all(gate in graph.get_ancestor_asset_keys(key) for key in live)
    assert gate in graph.get_ancestor_asset_keys(dg.AssetKey(["published", "publication"]))

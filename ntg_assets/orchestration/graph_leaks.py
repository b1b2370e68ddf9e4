"""What the asset graph itself says of leaks: which assets made from TRAIN have a path to what was
held out.
"""

from typing import Any

from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from ntg_assets.orchestration.domains import part_of

HELD_OUT = frozenset({"val_events", "test_events"})
# parts that may look at what was held out
JUDGES = frozenset({"backtest_evaluation", "experiments", "published"})
WHOLE_LOG = frozenset({"ingest/events", "ingest/event_calendar"})
MAKES_THE_PARTS = frozenset({"split_boundaries", "train_events", "val_events", "test_events"})


def graph_leaks(graph: BaseAssetGraph[Any]) -> list[str]:
    """List the assets made from TRAIN from which a path leads to held-out events,
    or to the log past the split.
    """
    found = []
    for key in graph.get_all_asset_keys():
        stage, table = key.path[0], key.path[-1]
        if (
            stage not in {"backtest", "live"}
            or table in MAKES_THE_PARTS
            or part_of(graph.get(key)) in JUDGES | {"backtest_splits"}
        ):
            continue
        parents = graph.get(key).parent_keys
        names = {parent.path[-1] for parent in parents} & HELD_OUT
        names |= {parent.to_user_string() for parent in parents} & WHOLE_LOG
        if names:
            found.append(f"{key.to_user_string()} reads {sorted(names)}")
        if missing := sorted(one.to_user_string() for one in parents if not graph.has(one)):
            found.append(f"{key.to_user_string()} reads {missing}, which nothing makes")
        if any(graph.has(one) and part_of(graph.get(one)) in JUDGES for one in parents):
            found.append(f"{key.to_user_string()} reads what was judged on held-out events")
        if any(parent.path[0] not in {stage, "ingest"} for parent in parents):
            found.append(f"{key.to_user_string()} reads another stage")
    return sorted(found)

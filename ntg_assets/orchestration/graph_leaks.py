"""What the asset graph itself says of leaks: which assets made from TRAIN have a path to what was
held out.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetGraph

from ntg_assets.declared_reads import FILES
from ntg_assets.orchestration.domains import part_of

HELD_OUT = frozenset({"val_events", "test_events"})
# parts that may look at what was held out
JUDGES = frozenset({"backtest_evaluation", "experiments", "published"})
WHOLE_LOG = frozenset({"ingest/events", "ingest/event_calendar"})
# what a back-test may read of `ingest` beside the log: each is used as it was known at a cutoff;
# all else there counts or judges the whole log
KNOWN_IN_TIME = frozenset(
    {
        *("items", "item_categories", "excluded_items", "attributes", "optional_sources"),
        *("subscription_terms", "subscription_payments", "user_lists", "trial_log"),
    }
)
PUBLICATIONS = (
    *("data/current", "data/features", "data/generations", "data/published"),
    *("outputs", "reports"),
)
HISTORY, KEEPS_CONTACTS = "data/history", "revenue"
MAKES_THE_PARTS = frozenset({"split_boundaries", "train_events", "val_events", "test_events"})


def graph_leaks(graph: BaseAssetGraph[Any]) -> list[str]:
    """List the assets made from TRAIN from which a path leads to held-out events,
    or to the log past the split.
    """
    leaks = []
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
        if stage == "backtest" and not part_of(graph.get(key)).startswith("ingest"):
            ingested = {parent.path[-1] for parent in parents if parent.path[0] == "ingest"}
            names |= ingested - KNOWN_IN_TIME
        if names:
            leaks.append(f"{key.to_user_string()} reads {sorted(names)}")
        if missing := sorted(
            source.to_user_string() for source in parents if not graph.has(source)
        ):
            leaks.append(f"{key.to_user_string()} reads {missing}, which nothing makes")
        if any(graph.has(source) and part_of(graph.get(source)) in JUDGES for source in parents):
            leaks.append(f"{key.to_user_string()} reads what was judged on held-out events")
        if any(parent.path[0] not in {stage, "ingest"} for parent in parents):
            leaks.append(f"{key.to_user_string()} reads another stage")
        leaks += _earlier_nights(key, graph)
    return sorted(leaks)


def _earlier_nights(key: dg.AssetKey, graph: BaseAssetGraph[Any]) -> Iterator[str]:
    """Say what an asset made from TRAIN takes of earlier nights that it may not: a publication,
    unless nothing is made from the asset but what publishes or judges; the history, unless it is
    about contacts.
    """
    node = graph.get(key)
    files = node.metadata.get(FILES, ())
    made_from_it = sorted(
        child.to_user_string()
        for child in node.child_keys
        if part_of(graph.get(child)) not in JUDGES
    )
    for file in files:
        if file.startswith(PUBLICATIONS) and made_from_it:
            yield (
                f"{key.to_user_string()} reads an earlier publication ({file}), and"
                f" {made_from_it[0]} is made from it"
            )
        if file.startswith(HISTORY) and made_from_it and not part_of(node).endswith(KEEPS_CONTACTS):
            yield f"{key.to_user_string()} reads the history ({file}), and is not about contacts"

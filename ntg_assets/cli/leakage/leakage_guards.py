"""What each guard against leaks says of the code that is loaded: run as a process of its own over a
copy into which a leak was planted.

`python -m ntg_assets.cli.leakage.leakage_guards` prints one JSON object: by guard what it caught,
or null.
"""

import json
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.evaluation.gate.leakage_audit import leakage_audit
from ntg_assets.evaluation.leakage.findings import CAN_BE_MADE
from ntg_assets.evaluation.leakage.planted_world.world import crowd, planted_world
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.remaking import find_verdict, remake
from ntg_assets.orchestration.graph_leaks import graph_leaks
from ntg_assets.storage.run import run

CROWD = 16  # a log as large as no planted world of the audit, that of many in a trial included
DATED = (
    "train_events",
    "val_events",
    "test_events",
    "user_days",
    "interaction_features",
    "user_features",
    "item_features",
    "taste_graph",
    "candidates",
    "churn_labels",
    "churn_scores",
)


def by_graph(_: Settings) -> str | None:
    """Ask the asset graph; one that cannot be made is refused by Dagster itself."""
    try:
        from ntg_assets.definitions import defs  # noqa: PLC0415  # only this guard needs it

        graph = defs.resolve_asset_graph()
    except Exception as error:  # noqa: BLE001  # nothing can be run then, whatever the reason
        return f"the graph cannot be made: {error}"
    return "; ".join(graph_leaks(graph)) or None


def by_declared_reads(settings: Settings) -> str | None:
    """Load the code and run the assets, which may read what they declare."""
    refused = verdict_on(settings).filter(pl.col("n_violations") > 0, pl.col("rule") == CAN_BE_MADE)
    return "; ".join(refused["detail"]) or None


def by_dates(settings: Settings) -> str | None:
    """Ask the stored tables of a large log about time, as every night does."""
    world = crowd(planted_world(settings.churn.horizon_days), times=CROWD)
    made = remake(world, [*DATED, "split_boundaries"], settings=settings)
    rules = run(leakage_audit({name: made[name] for name in DATED}, made["split_boundaries"]))
    broken = rules.filter(pl.col("n_violations") > 0)
    return (
        "; ".join(f"{table}: {rule}" for table, rule in broken.select("table_name", "rule").rows())
        or None
    )


def by_remaking(settings: Settings) -> str | None:
    """Make the planted world again with other futures."""
    # what cannot be made at all was refused by what it declares, which is another guard
    broken = verdict_on(settings).filter(pl.col("n_violations") > 0, pl.col("rule") != CAN_BE_MADE)
    return "; ".join(broken["detail"].fill_null("")) or None


@cache
def _verdict(_: str) -> list[pl.DataFrame]:
    return []


def verdict_on(settings: Settings) -> pl.DataFrame:
    """The verdict on a configuration, found once."""
    kept = _verdict(settings.fingerprint)
    if not kept:
        kept.append(find_verdict(settings))
    return kept[0]


GUARDS: dict[str, Callable[[Settings], str | None]] = {
    "graph": by_graph,
    "declared reads": by_declared_reads,
    "dates": by_dates,
    "re-making": by_remaking,
}


def main(config: Path | None = None) -> None:
    """Print what each guard finds."""
    settings = rehearsal_settings(load_settings(config))
    by_guard: dict[str, str | None] = {}
    for name, guard in GUARDS.items():
        try:
            by_guard[name] = guard(settings)
        except Exception as error:  # noqa: BLE001  # what breaks elsewhere is no finding of this guard
            by_guard[name] = None
            sys.stderr.write(f"{name}: {type(error).__name__}: {error}\n")
    sys.stdout.write(json.dumps(by_guard))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)

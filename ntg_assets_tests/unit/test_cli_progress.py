"""What is printed while a run goes on: a line per table, and where the time of a long run went."""

import io

import dagster as dg
from rich.console import Console

from ntg_assets.cli.progress import tell_run
from ntg_assets.cli.runs import AssetDone, RunEvent, RunOutcome, never_made, select_assets


def told(seconds: dict[str, float]) -> list[str]:
    out = io.StringIO()
    events: list[RunEvent] = [
        *(AssetDone(asset, 1_000, took) for asset, took in seconds.items()),
        RunOutcome("0123456789", succeeded=True),
    ]
    tell_run(events, n_assets=len(seconds), console=Console(file=out, width=200))
    return out.getvalue().strip().splitlines()


def test_a_long_run_names_its_slowest_tables_and_their_share() -> None:
    lines = told(
        {
            "live/a": 10.0,
            "live/b": 100.0,
            "live/c": 40.0,
            "live/d": 20.0,
            "live/e": 20.0,
            "live/f": 10.0,
        }
    )
    assert lines[-2].startswith("done in ")
    assert (
        lines[-1]
        == "slowest   live/b 100 s, live/c 40 s, live/d 20 s, live/e 20 s, live/a 10 s: 95% of the"
        " time"
    )


def test_a_short_run_is_told_table_by_table_only() -> None:
    lines = told({"live/a": 10.0, "live/b": 100.0})
    assert [line.split()[1] for line in lines[:2]] == ["live/a", "live/b"]
    assert lines[-1].startswith("done in ")


def test_what_a_part_needs_and_no_run_has_made_is_made_with_it() -> None:
    made = {dg.AssetKey(["backtest", "linear_graph"])}

    class History:
        def get_latest_materialization_event(self, key: dg.AssetKey) -> object:
            return "made" if key in made else None

    selected = select_assets(["backtest_ranking"])
    missing = never_made(selected, instance=History())  # type: ignore[arg-type]  # all it asks for
    assert dg.AssetKey(["backtest", "train_events"]) in missing
    assert dg.AssetKey(["backtest", "graph_guardrails"]) in missing  # comes with the taste graph
    assert not missing & (selected | made)
    assert not any(key.path[0] == "live" for key in missing)
    every = select_assets([])
    made |= every
    assert never_made(selected, instance=History()) == set()  # type: ignore[arg-type]

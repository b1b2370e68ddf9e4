"""What is printed while a run goes on: a line per table, and where the time of a long run went."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
from rich.console import Console

from ntg_assets.cli.running.events import AssetDone, RunEvent, RunOutcome
from ntg_assets.cli.running.progress import render_run
from ntg_assets.cli.running.runs import (
    LOOKED_BACK_RUNS,
    never_made,
    select_assets,
    time_left,
)
from ntg_assets.cli.running.time_left import TimeLeft
from ntg_assets.orchestration.runs.logs import log_file


def told(seconds: dict[str, float]) -> list[str]:
    out = io.StringIO()
    events: list[RunEvent] = [
        *(AssetDone(asset, 1_000, took) for asset, took in seconds.items()),
        RunOutcome("0123456789", succeeded=True),
    ]
    render_run(events, n_assets=len(seconds), console=Console(file=out, width=200))
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


def test_what_is_left_is_what_the_last_run_took_for_it_at_this_runs_pace() -> None:
    left = TimeLeft({"a": 10.0, "b": 20.0, "c": 6.0}, n_new=1)
    assert left.seconds == 10 + 20 + 6
    left.step_done("c", 9.0)  # half as long again as usual
    assert left.seconds == (10 + 20) * 9 / 6
    assert str(left) == "about 45 s and 1 new steps left, by the last run"
    left.step_done("new", 3.0)
    left.step_done("b", 30.0)
    assert left.seconds == 10 * (9 + 30) / (6 + 20)
    left.step_done("a", 1.0)
    assert left.seconds is None


def test_nothing_is_said_before_a_first_run_and_little_of_a_first_second() -> None:
    assert str(TimeLeft({}, n_new=7)) == ""
    left = TimeLeft({"a": 0.1, "b": 100.0})
    left.step_done("a", 1.0)  # ten times as long, and much too short to say anything
    assert (left.seconds, str(left)) == (100.0, "about 1 min 40 s left, by the last run")
    assert "about 60 min" in str(TimeLeft({"a": 3600.0}))


def test_what_steps_took_is_read_from_the_last_runs_that_succeeded(tmp_path: Path) -> None:
    key = dg.AssetKey(["live", "user_days"])
    steps = {"live__user_days": 4.0, "ingest__other": 9.0}
    for run in range(LOOKED_BACK_RUNS - 1):  # the log of the oldest one is gone
        lines: list[dict[str, object]] = [
            {"event": "STEP_SUCCESS", "step": step, "seconds": took + run}
            for step, took in steps.items()
        ]
        if run == 0:  # in the newest run the table was left as it was
            made = {"event": "ASSET_MATERIALIZATION", "step": "live__user_days"}
            lines = [{**made, "reused_from_run": "an earlier run"}, *lines]
        log_file(tmp_path, str(run)).write_text("\n".join(map(json.dumps, lines)))

    class History:
        def get_runs(self, _: dg.RunsFilter, limit: int) -> list[object]:
            return [SimpleNamespace(run_id=f"{n}") for n in range(limit)]  # the newest first

    left = time_left(
        {key, dg.AssetKey(["live", "churn_scores"])},
        instance=History(),  # type: ignore[arg-type]  # all it asks for
        logs=tmp_path,
    )
    assert left.seconds == 4.0 + 1  # what it took in the run before, which made it
    # the scores, two checks of theirs, and three of the days
    assert str(left) == "about 5 s and 6 new steps left, by the last run"


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

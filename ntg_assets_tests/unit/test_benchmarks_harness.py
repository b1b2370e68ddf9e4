"""The harness that measures: costs of child processes, goals that stand as they are,
results without machine names.
"""

import json
import platform
import sys
from pathlib import Path

import pytest

from benchmarks.harness import ROOT, Cost, Goal, flatten, measure, measure_call, report, together


def test_a_child_is_charged_with_its_memory_and_its_processor_time() -> None:
    work = "block = bytearray(200 * 1024 * 1024); total = sum(range(3_000_000))"
    cost = measure([sys.executable, "-c", work])
    idle = measure([sys.executable, "-c", "pass"])
    assert 200 < cost.peak_mb < 200 + idle.peak_mb + 50
    assert idle.cpu_s < cost.cpu_s
    assert 0 < cost.cpu_s < 60 * cost.wall_s


def test_a_grandchild_counts_too() -> None:
    grandchild = "block = bytearray(150 * 1024 * 1024)"
    cost = measure(
        [
            sys.executable,
            "-c",
            f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])",
        ]
    )
    assert cost.peak_mb > 150


def test_a_failed_command_says_how_it_ended_and_what_it_wrote() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 3:\nno such film"):
        measure([sys.executable, "-c", "import sys; print('no such film'); sys.exit(3)"])


def test_variables_reach_the_child_and_functions_return_plain_values() -> None:
    measure(
        [sys.executable, "-c", "import os; assert os.environ['NTG_SEED'] == '7'"],
        environment={"NTG_SEED": "7"},
    )
    cost, answer = measure_call("json:dumps", obj={"a": 1})
    assert answer == '{"a": 1}'
    assert cost.wall_s > 0


def test_processes_in_a_row_add_up_and_share_the_largest_peak() -> None:
    assert together([Cost(1.0, 2.0, 300.0), Cost(0.5, 0.25, 700.0)]) == Cost(1.5, 2.25, 700.0)


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("wall s", 59.9, 60.0, "at_most"), "met"),
        (Goal("wall s", 60.0, 60.0, "at_most"), "met"),
        (Goal("wall s", 60.1, 60.0, "at_most"), "not met"),
        (Goal("correlation", 0.96, 0.95, "at_least"), "met"),
        (Goal("correlation", 0.94, 0.95, "at_least"), "not met"),
    ],
)
def test_goals_are_met_or_not(goal: Goal, verdict: str) -> None:
    assert goal.is_met is (verdict == "met")


def test_a_result_says_date_machine_versions_figures_and_goals_and_nothing_of_this_machine(
    tmp_path: Path,
) -> None:
    goal = Goal("wall s", 61.0, 60.0, "at_most")
    report("try", figures={"n_events": 5, "run": {"wall_s": 61.0}}, goals=[goal], folder=tmp_path)
    text = (tmp_path / "try.json").read_text()
    result = json.loads(text)
    assert set(result) == {"date", "machine", "versions", "figures", "goals"}
    assert set(result["machine"]) == {"cores", "memory_gb", "load_at_start"}
    assert result["goals"] == [{"name": "wall s", "value": 61.0, "goal": 60.0, "sense": "at_most"}]
    assert {"python", "duckdb", "polars"} <= set(result["versions"])
    assert str(ROOT) not in text
    assert platform.node() not in text


def test_nested_figures_print_with_their_path() -> None:
    assert list(flatten({"a": 1, "b": {"c": 2, "d": {"e": 3}}})) == [
        ("a", 1),
        ("b.c", 2),
        ("b.d.e", 3),
    ]

"""How many processor seconds it takes to answer a question: the commands of a published workspace.

python -m benchmarks.answers
python -m benchmarks.answers --workspace data/workspaces/mine --user 596

Without a workspace the bundled sample is run twice, the second time with shorter lists, so that
there are two publications to compare. Each command is called several times and the cheapest call
counts: the others pay for files that were not in memory.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.harness import Cost, Goal, command_line, measure, report

NTG = str(Path(sys.executable).with_name("ntg"))
MOST_CPU_SECONDS = 1.0
CALLS = 3
SHORTER = {"NTG_RANKING__TOP_K": "10"}
SOMEBODY = 596  # of the bundled sample
EXPERIMENT = "blend-vs-popularity"  # likewise


def commands(user: str) -> dict[str, list[str]]:
    """What is asked, by name."""
    return {
        "help": ["--help"],
        "sql": ["sql", "select count(*) from live.churn_scores"],
        "generations": ["generations"],
        "diff": ["diff"],
        "explain": ["explain", user],
        "explain_axis": ["explain-axis", "1"],
        "trace": ["trace", EXPERIMENT],
        "plan_experiment": ["plan-experiment", "--mean", "10", "--sd", "3", "--mde", "0.2"],
        "verify": ["verify"],
        "config_show": ["config", "show"],
        "plan": ["plan"],
    }


def cheapest(command: list[str], *, environment: Mapping[str, str]) -> Cost:
    """Call a command a few times and return what its cheapest call took."""
    costs = [measure([NTG, *command], environment=environment) for _ in range(CALLS)]
    return min(costs, key=lambda cost: cost.cpu_s)


def two_publications(workspace: Path) -> None:
    """Publish the bundled sample twice, with lists of two lengths."""
    for changed in ({}, SHORTER):
        environment = {"NTG_WORKSPACE": str(workspace), **changed}
        measure([NTG, "run-all", "--config", "configs/dev.yaml"], environment=environment)


def run(workspace: Path | None = None, user: str = str(SOMEBODY)) -> None:
    """Measure every command and state it."""
    with TemporaryDirectory() as folder:
        place = workspace or Path(folder) / "answers"
        if workspace is None:
            two_publications(place)
        environment = {"NTG_WORKSPACE": str(place.resolve()), **SHORTER}
        costs = {
            name: cheapest(command, environment=environment)
            for name, command in commands(user).items()
        }
    report(
        "answers",
        figures={name: vars(cost) for name, cost in costs.items()},
        goals=[
            Goal(f"{name}, CPU seconds", cost.cpu_s, MOST_CPU_SECONDS, "at_most")
            for name, cost in costs.items()
        ],
    )


if __name__ == "__main__":
    command_line(run)

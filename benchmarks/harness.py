"""Measure commands and functions in child processes, and write down what came out.

A result file holds the date, the machine (cores, memory), versions, the figures and the goals; no
host names and no paths. A goal that is not met stands in it as not met.
"""

import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import typer
from rich.console import Console
from rich.table import Table

from ntg_assets.errors import NtgError

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PACKAGES = (
    "dagster",
    "duckdb",
    "numba",
    "numpy",
    "pandera",
    "polars",
    "pyarrow",
    "scikit-learn",
    "scipy",
)
OUTPUT_TAIL = 30  # lines of a failed child's output that are shown
# before this module's own children: work of others makes wall times worse
LOAD_AT_START = round(os.getloadavg()[0], 1)
MEGABYTE = 1024  # kilobytes, in which Linux counts the peak

console = Console()


@dataclass(frozen=True)
class Cost:
    """What a child process took.

    Attributes:
        wall_s: Seconds on the clock.
        cpu_s: Processor seconds, user and system, of the child and its own children.
        peak_mb: Largest resident memory of any one of them. A child starts with its parent's, so
            parents that measure stay small.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float


@dataclass(frozen=True)
class Goal:
    """A claim with its number."""

    name: str
    value: float
    goal: float
    sense: Literal["at_least", "at_most"]

    @property
    def is_met(self) -> bool:
        return self.value >= self.goal if self.sense == "at_least" else self.value <= self.goal


def measure(
    command: Sequence[str], *, environment: Mapping[str, str] | None = None, is_quiet: bool = True
) -> Cost:
    """Run a command from the project folder and return what it took.

    Args:
        command: Program and arguments.
        environment: Variables on top of this process's.
        is_quiet: Show the command's output only when it fails; otherwise let it through.

    Raises:
        RuntimeError: the command failed; the end of its output is in the message.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "output"
        with log.open("w") as output:
            started = time.perf_counter()
            child = subprocess.Popen(  # noqa: S603  # our own commands
                list(command),
                cwd=ROOT,
                env={
                    **os.environ,
                    **(environment or {}),
                },
                stdout=output if is_quiet else None,
                stderr=subprocess.STDOUT if is_quiet else None,
            )
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-OUTPUT_TAIL:])
            raise RuntimeError(
                f"{' '.join(command[:3])} ... ended with {child.returncode}:\n{tail}"
            )
    return Cost(
        round(wall, 3),
        round(usage.ru_utime + usage.ru_stime, 3),
        round(usage.ru_maxrss / MEGABYTE, 1),
    )


def measure_call(target: str, /, **arguments: Any) -> tuple[Cost, Any]:
    """Run a function in a fresh interpreter and return what it took and what it returned.

    Args:
        target: `package.module:function`; the import is part of the cost.
        arguments: Its keyword arguments, plain values (they travel as JSON, like the answer).
    """
    with TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [
            sys.executable,
            "-m",
            "benchmarks.harness",
            target,
            json.dumps(arguments),
            str(answer),
        ]
        cost = measure(command)
        return cost, json.loads(answer.read_text())


def together(costs: Sequence[Cost]) -> Cost:
    """Add up processes that ran one after the other; the peak is the largest of theirs."""
    return Cost(
        round(sum(cost.wall_s for cost in costs), 3),
        round(sum(cost.cpu_s for cost in costs), 3),
        max(cost.peak_mb for cost in costs),
    )


def machine() -> dict[str, Any]:
    """Cores this process may use, memory, and how busy the machine was with other work before the
    benchmark.
    """
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(pages / 1024**3, 1),
        "load_at_start": LOAD_AT_START,
    }


def versions(more: Sequence[str] = ()) -> dict[str, str]:
    """Versions of Python and of the packages that decide speed and numbers."""
    packages = sorted({*PACKAGES, *more})
    return {"python": ".".join(map(str, sys.version_info[:3]))} | {
        name: metadata.version(name) for name in packages
    }


def report(
    name: str,
    *,
    figures: Mapping[str, Any],
    goals: Sequence[Goal],
    packages: Sequence[str] = (),
    folder: Path | None = RESULTS,
) -> dict[str, Any]:
    """Print the figures and the goals, and write them to `<folder>/<name>.json`
    (no folder: print only).
    """
    result = {
        "date": datetime.now(tz=UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(packages),
        "figures": dict(figures),
        "goals": [asdict(goal) for goal in goals],
    }
    _print(name, figures, goals)
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.json.part"
        part.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
        part.replace(folder / f"{name}.json")
    return result


def _print(name: str, figures: Mapping[str, Any], goals: Sequence[Goal]) -> None:
    table = Table("figure", "value", title=name, title_justify="left")
    for path, value in flatten(figures):
        table.add_row(
            path,
            (
                f"{value:,.4g}"
                if isinstance(value, float)
                else f"{value:,}"
                if isinstance(value, int)
                else str(value)
            ),
        )
    console.print(table)
    if goals:
        table = Table("goal", "value", "at least / at most", "")
        for goal in goals:
            limit = f"{goal.sense.replace('_', ' ')} {goal.goal:,g}"
            table.add_row(
                goal.name,
                f"{goal.value:,.4g}",
                limit,
                "met" if goal.is_met else "[bold red]not met[/]",
            )
        console.print(table)


def flatten(tree: Mapping[str, Any], *, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value of nested mappings with its dotted path."""
    for key, value in tree.items():
        path = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, above=f"{path}.")
        else:
            yield path, value


def command_line(function: Callable[..., None]) -> None:
    """Make a function the command of its module; what goes wrong is told without a traceback."""
    try:
        typer.run(function)
    except (NtgError, RuntimeError) as error:
        console.print(f"error: {error}", soft_wrap=True, markup=False, highlight=False)
        sys.exit(1)


def _call() -> None:
    """Serve `measure_call` inside the child."""
    target, arguments, answer = sys.argv[1:]
    module, function = target.split(":")
    result = getattr(importlib.import_module(module), function)(**json.loads(arguments))
    Path(answer).write_text(json.dumps(result), encoding="utf-8")


if __name__ == "__main__":
    _call()

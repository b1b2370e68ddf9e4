"""What a person sees while a run goes on: one line per table, with rows and seconds."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from ntg_assets.cli.interruption import raise_if_received
from ntg_assets.cli.running.time_left import TimeLeft

SLOWEST = 5  # tables that are named at the end
LONG_RUN_SECONDS = 120  # before, nobody asks where the time went

if TYPE_CHECKING:  # loading Dagster costs seconds; a wrong option must be told at once
    from ntg_assets.cli.running.runs import RunEvent, RunOutcome


def tell_run(
    events: Iterable["RunEvent"],
    *,
    n_assets: int,
    console: Console,
    left: TimeLeft | None = None,
) -> "RunOutcome":
    """Print each event of a run as it comes; return the outcome, which is the last one.

    Args:
        events: Of the run.
        n_assets: Tables that it makes.
        console: Where to print; the bar shows on a terminal alone.
        left: What earlier runs say of the time that it takes.
    """
    from ntg_assets.cli.running.runs import (  # noqa: PLC0415
        AssetDone,
        CheckDone,
        RunOutcome,
        StepDone,
        StepFailed,
    )

    started = time.monotonic()
    outcome: RunOutcome | None = None
    took: dict[str, float] = {}
    left = left or TimeLeft({})
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("materializing", total=n_assets, left=str(left))
        for event in events:
            match event:
                case AssetDone(is_left=True):
                    bar.advance(task)
                    console.print(
                        f"  [dim]·[/] {event.asset:<42} {_rows(event.n_rows):>14}  unchanged",
                        highlight=False,
                    )
                case AssetDone():
                    bar.advance(task)
                    took[event.asset] = event.seconds
                    console.print(
                        f"  [green]✓[/] {event.asset:<42} {_rows(event.n_rows):>14} "
                        f" {event.seconds:6.1f} s",
                        highlight=False,
                    )
                case CheckDone(passed=False):
                    mark = "[yellow]![/]" if event.severity == "WARN" else "[red]✗[/]"
                    console.print(
                        f"  {mark} {event.asset}: {event.check}: {event.description}",
                        highlight=False,
                        soft_wrap=True,
                    )
                case StepDone():
                    left.step_done(event.step, event.seconds)
                    bar.update(task, left=str(left))
                case StepFailed():
                    console.print(f"  [red]✗[/] {event.asset}", highlight=False)
                case RunOutcome():
                    outcome = event
    raise_if_received()
    if outcome is None:
        raise RuntimeError("the run ended without an outcome")
    verdict = "[green]done[/]" if outcome.succeeded else "[red]failed[/]"
    console.print(
        f"{verdict} in {time.monotonic() - started:.1f} s (run {outcome.run_id[:8]})",
        highlight=False,
    )
    if sum(took.values()) >= LONG_RUN_SECONDS:
        console.print(slowest(took), highlight=False, soft_wrap=True)
    return outcome


def slowest(took: Mapping[str, float]) -> str:
    """Say which tables took longest, and how much of the time of all they took."""
    longest = sorted(took, key=lambda asset: (-took[asset], asset))[:SLOWEST]
    share = sum(took[asset] for asset in longest) / sum(took.values())
    return (
        f"slowest   {', '.join(f'{asset} {took[asset]:.0f} s' for asset in longest)}: {share:.0%}"
        " of the time"
    )


@contextmanager
def bar_of(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Offer a progress callback (what, done, total) that moves one bar per kind of work."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bar:
        tasks: dict[str, TaskID] = {}

        def advance(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done, total=total)

        yield advance


def _rows(n_rows: int | None) -> str:
    return "" if n_rows is None else f"{n_rows:,} rows"

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
    from ntg_assets.cli.running.events import AssetDone, RunEvent, RunOutcome


def render_run(
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
    started = time.monotonic()
    with _run_bar(console) as bar:
        shown = _Shown(bar, console, left or TimeLeft({}), n_assets)
        for event in events:
            shown.take(event)
    raise_if_received()
    if shown.outcome is None:
        raise RuntimeError("the run ended without an outcome")
    verdict = "[green]done[/]" if shown.outcome.succeeded else "[red]failed[/]"
    console.print(
        f"{verdict} in {time.monotonic() - started:.1f} s (run {shown.outcome.run_id[:8]})",
        highlight=False,
    )
    if sum(shown.seconds.values()) >= LONG_RUN_SECONDS:
        console.print(slowest(shown.seconds), highlight=False, soft_wrap=True)
    return shown.outcome


def _run_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[left]}"),
        console=console,
        transient=True,
    )


class _Shown:
    """What of a run was shown so far: a line per event, a bar, the seconds of each table."""

    def __init__(self, bar: Progress, console: Console, left: TimeLeft, n_assets: int) -> None:
        self._bar, self._console, self._left = bar, console, left
        self._task = bar.add_task("materializing", total=n_assets, left=str(left))
        self.seconds: dict[str, float] = {}
        self.outcome: RunOutcome | None = None

    def take(self, event: "RunEvent") -> None:
        """Show one event."""
        from ntg_assets.cli.running.events import (  # noqa: PLC0415  # as above
            AssetDone,
            CheckDone,
            RunOutcome,
            StepDone,
            StepFailed,
        )

        match event:
            case AssetDone():
                self._asset(event)
            case CheckDone(passed=False):
                mark = "[yellow]![/]" if event.severity == "WARN" else "[red]✗[/]"
                self._say(f"  {mark} {event.asset}: {event.check}: {event.description}")
            case StepDone():
                self._left.step_done(event.step, event.seconds)
                self._bar.update(self._task, left=str(self._left))
            case StepFailed():
                self._say(f"  [red]✗[/] {event.asset}")
            case RunOutcome():
                self.outcome = event

    def _asset(self, event: "AssetDone") -> None:
        self._bar.advance(self._task)
        name = f"{event.asset:<42} {_rows(event.n_rows):>14}"
        if event.is_left:
            self._say(f"  [dim]·[/] {name}  unchanged")
            return
        self.seconds[event.asset] = event.seconds
        self._say(f"  [green]✓[/] {name}  {event.seconds:6.1f} s")

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, soft_wrap=True)


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

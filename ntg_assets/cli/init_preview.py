"""What a load would make of the files by the overlay that `ntg init` has written."""

from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.lines import say_marked
from ntg_assets.cli.options import err, out
from ntg_assets.errors import NtgError

SHOWN_ROWS = 10


def preview_load(target: Path, home: Path, *, said_at_once: str) -> None:
    """Read the files as they would be, and show what came of it.

    Args:
        target: The overlay.
        home: Project folder.
        said_at_once: Command that answers what is open; empty: nothing is.
    """
    from ntg_assets.configuration.settings import load_settings, project_paths  # noqa: PLC0415
    from ntg_assets.events.findings import days_of, fitting_horizon  # noqa: PLC0415  # as above
    from ntg_assets.events.preview import preview_events  # noqa: PLC0415

    settings = load_settings(target, home=home)
    paths = project_paths(settings, home=home)
    try:
        preview = preview_events(settings, paths=paths, n_rows=SHOWN_ROWS)
    except NtgError as error:
        hint = f" Some questions are open: {said_at_once} answers them." if said_at_once else ""
        err.print(f"[yellow]not loaded yet:[/] {escape(str(error) + hint)}", soft_wrap=True)
        raise typer.Exit(1) from None
    out.print(_as_table(preview.rows))
    n_days, configured = days_of(preview.extent), settings.churn.horizon_days
    fitting = fitting_horizon(n_days, configured=configured)
    if fitting != configured:
        _set_horizon(target, fitting, f"the log spans {n_days:,} days: too few for {configured}")


def _set_horizon(target: Path, n_days: int, why: str) -> None:
    """Add a churn horizon that the log can bear to the overlay, and say so."""
    with target.open("a", encoding="utf-8") as overlay:
        overlay.write(f"churn:\n  horizon_days: {n_days}  # {why}\n")
    say_marked(out, f"churn.horizon_days is {n_days}: {why}")


def _as_table(rows: Any) -> Table:  # noqa: ANN401  # polars is imported only where it is needed
    table = Table(title="the first records as they are read", title_justify="left")
    for heading in rows.columns:
        table.add_column(heading, overflow="fold")
    for row in rows.iter_rows():
        table.add_row(*(escape(str(value)) for value in row))
    return table

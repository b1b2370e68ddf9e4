"""Publications that are kept, as `ntg generations` lists them."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.configuration.paths import Paths
from ntg_assets.history.currents import kept_aside, read_changes, taken_back
from ntg_assets.publish.generations.shelf import current_folder, unreadable
from ntg_assets.publish.generations.shelf import generations as kept_generations

MEGABYTE = 10**6
FIGURES = {
    "users": "{:,.0f}",
    "lists": "{:,.0f}",
    "users_at_risk": "{:,.0f}",
    "churn_probability": "{:.3f}",
    "revenue_at_risk": "{:,.1f}",
    "contacts": "{:,.0f}",
}


def rows_of(paths: Paths) -> Iterator[dict[str, Any]]:
    """Describe each kept publication, the newest first; damaged ones come last."""
    changes, current = read_changes(paths.history), current_folder(paths)
    aside, back = kept_aside(changes), taken_back(changes)
    for kept in reversed(kept_generations(paths)):
        is_aside = aside is not None and aside.generation == kept.name
        yield {
            "generation": kept.name,
            "state": _state(
                is_current=kept.folder == current, is_aside=is_aside, is_back=kept.name in back
            ),
            "published_at": kept.made_at,
            "as_of": kept.manifest.as_of,
            "configuration": kept.manifest.configuration,
            "code": kept.manifest.code,
            "unit": kept.manifest.unit,
            "headlines": kept.manifest.headlines,
            "n_bytes": kept.n_bytes,
            "folder": _relative(kept.folder, paths),
            "reasons": aside.reasons if aside and is_aside else [],
        }
    for folder in unreadable(paths):
        yield {"generation": folder.name, "state": "damaged", "folder": _relative(folder, paths)}


def _state(*, is_current: bool, is_aside: bool, is_back: bool) -> str:
    if is_current:
        return "current"
    if is_aside:
        return "kept aside"
    return "taken back" if is_back else ""


def _relative(folder: Path, paths: Paths) -> str:
    return folder.relative_to(paths.workspace).as_posix()


def show_rows(rows: list[dict[str, Any]], console: Console) -> None:
    """Print publications as a table, and under it why one is kept aside."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("generation", "state", "written (UTC)", "known before"):
        table.add_column(name, no_wrap=True)
    for name in (*FIGURES, "MB"):
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        written, figures = row.get("published_at"), row.get("headlines", {})
        table.add_row(
            row["generation"],
            row["state"],
            f"{written:%Y-%m-%d %H:%M}" if isinstance(written, datetime) else "",
            row.get("as_of", ""),
            *(_figure(figures.get(name), form) for name, form in FIGURES.items()),
            f"{row['n_bytes'] / MEGABYTE:,.1f}" if "n_bytes" in row else "",
        )
    console.print(table)
    for row in rows:
        for reason in row.get("reasons", []):
            console.print(f"kept aside: {escape(reason)}", highlight=False, soft_wrap=True)


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)

"""Commands on what was published: list it, take it back, accept it, compare it."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.options import ConfigOption, JsonOption, out, prepare

if TYPE_CHECKING:  # loaded by the commands that need it: help comes at once
    from ntg_assets.configuration.paths import Paths
    from ntg_assets.configuration.settings import Settings
    from ntg_assets.contracts import IdTypes

MEGABYTE = 10**6
FIGURES = {
    "users": "{:,.0f}",
    "lists": "{:,.0f}",
    "users_at_risk": "{:,.0f}",
    "churn_probability": "{:.3f}",
    "revenue_at_risk": "{:,.1f}",
    "contacts": "{:,.0f}",
}

NameArgument = Annotated[
    str | None, typer.Argument(help="Generation, by its name or the beginning of it.")
]


def generations(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the publications that are kept, with their headline figures; the newest comes first."""
    _, paths = prepare(config)
    rows = list(_rows(paths))
    if as_json:
        print_json(rows)
    elif rows:
        _show(rows, out)
    else:
        out.print("nothing is published yet: `ntg run-all`", highlight=False)


def rollback(
    generation: NameArgument = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Go back to the publication before, or to a named one; what was sent stays in the history."""
    from ntg_assets.publish.generations.rollback import roll_back  # noqa: PLC0415

    settings, paths = prepare(config)
    now, was = roll_back(paths, generation, ids=_ids(settings))
    if as_json:
        print_json({"generation": now.generation, "as_of": now.as_of, "before": was})
        return
    _say(
        f"generation {now.generation} (known before {now.as_of}) is current again, in place of"
        f" {was}. Its contact lists are those of that day:"
        " whoever has sent them must not send them again. What was drawn stays in"
        " data/history/assignments and counts for the caps. A run that makes"
        f" {was} again keeps it aside."
    )


def publish(
    generation: NameArgument = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Let people see it in place of the current one.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which publication is kept aside and why; with --accept make it the current one."""
    from ntg_assets.history.currents import kept_aside, read_changes  # noqa: PLC0415
    from ntg_assets.publish.generations.handover import tell_aside  # noqa: PLC0415
    from ntg_assets.publish.generations.rollback import accept as accept_generation  # noqa: PLC0415
    from ntg_assets.publish.generations.shelf import current_generation  # noqa: PLC0415

    settings, paths = prepare(config)
    if accept:
        taken = accept_generation(paths, generation, settings=settings.publish, ids=_ids(settings))
        told = f"generation {taken.generation} (known before {taken.as_of}) is current."
        _answer({"current": taken.generation, "kept_aside": None}, told, as_json=as_json)
        return
    current, aside = current_generation(paths), kept_aside(read_changes(paths.history))
    told = (
        tell_aside(current, aside)
        if current and aside
        else "nothing is kept aside. `ntg run-all` publishes, `ntg generations` lists."
    )
    name = current.generation if current else None
    _answer({"current": name, "kept_aside": aside}, told, as_json=as_json)


def forget(
    users: Annotated[list[str], typer.Argument(help="Users, by the id of the log.")],
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget people: a publication without them, nothing older that holds them, no later load of
    them. It cannot be taken back.
    """
    from ntg_assets.cli.forget import tell_forget  # noqa: PLC0415

    settings, paths = prepare(config)
    if not yes:
        typer.confirm(
            f"Forget {len(users)} user(s), and remove every older generation that holds them?",
            abort=True,
            err=True,
        )
    tell_forget(users, settings=settings, paths=paths, console=out, as_json=as_json)


def diff(
    before: NameArgument = None,
    after: NameArgument = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what differs between two publications, by how much, and by which input, setting or code
    (default: the one that is kept aside, or is current, and the one before).
    """
    from ntg_assets.cli.differences import tell_differences  # noqa: PLC0415

    _, paths = prepare(config)
    tell_differences(before, after, paths=paths, console=out, as_json=as_json)


def _ids(settings: "Settings") -> "IdTypes":
    from ntg_assets.contracts import IdTypes  # noqa: PLC0415  # as above

    events = settings.ingest.events
    return IdTypes(user=events.user_id_type, item=events.item_id_type)


def _rows(paths: "Paths") -> Iterator[dict[str, Any]]:
    from ntg_assets.history.currents import (  # noqa: PLC0415
        kept_aside,
        read_changes,
        taken_back,
    )
    from ntg_assets.publish.generations.shelf import (  # noqa: PLC0415
        current_folder,
        unreadable,
    )
    from ntg_assets.publish.generations.shelf import generations as kept_generations  # noqa: PLC0415

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


def _relative(folder: Path, paths: "Paths") -> str:
    return folder.relative_to(paths.workspace).as_posix()


def _show(rows: list[dict[str, Any]], console: Console) -> None:
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


def _answer(answer: object, told: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        _say(told)


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)

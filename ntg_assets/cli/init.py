"""`ntg init FILE...`: look at files, say what was taken for what and why, ask what is not certain,
and write the overlay that reads them.
"""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ntg_assets.cli.init_answers import ask, likely_answers, said_before, take_answers
from ntg_assets.cli.init_overlay import MARK, overlay_text, render_proposal
from ntg_assets.cli.init_preview import preview_load
from ntg_assets.cli.lines import say_marked
from ntg_assets.cli.options import err, out
from ntg_assets.errors import ConfigurationError

NEEDED = (
    "encoding",
    "records",
    "user_id",
    "item_id",
    "event_at",
    "timestamp_format",
    "timestamp_unit",
    "decimal",
    "value_if_empty",
    "no_user",
    "no_item",
    "skip_last_lines",
)


def init(
    files: Annotated[list[Path], typer.Argument(help="Files of the log, and of the item table.")],
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: take what is certain, mark the rest.")
    ] = False,
    answers: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Answer to a question, such as user_id=constant:me. Repeatable.",
        ),
    ] = None,
    output: Annotated[Path, typer.Option(help="Overlay to write.")] = Path("ntg.yaml"),
    force: Annotated[
        bool, typer.Option("--force", help="Replace an overlay that is there already.")
    ] = False,
) -> None:
    """Look at your files, and write the configuration that reads them."""
    from ntg_assets.configuration.settings import project_home  # noqa: PLC0415  # help comes at once

    home = project_home()
    target = home / output
    if target.exists() and not force:
        raise ConfigurationError(
            f"{output} is there already. Give another name with --output, or --force to replace it."
        )
    sections, folders = _sniff(files, home, answers or [])
    take_answers(answers or [], sections)
    _propose(sections, asks=sys.stdin.isatty() and not yes)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(overlay_text(sections, files, folders), encoding="utf-8")
    said_at_once = _command(files, answers or [], sections)
    if open_keys := _open_keys(sections):
        say_marked(
            err,
            f"{output} is written, but not certain is: {', '.join(open_keys)}. Set what is marked"
            f" with {MARK} in it, then run `ntg check --config {output}`; or say it at once, such"
            f" as {escape(said_at_once)}.",
        )
        raise typer.Exit(1)
    preview_load(target, home, said_at_once=said_at_once if sections["events"].open else "")
    say_marked(
        out,
        f"{output} is written. Next: `ntg check --config {output}`, then `ntg run-all --config"
        f" {output}`.",
    )


def _propose(sections: Mapping[str, Any], *, asks: bool) -> None:
    """Ask a person what is open, where one is there, and show what was taken for what."""
    for sniffed in sections.values() if asks else ():
        ask(sniffed)
    for section, sniffed in sections.items():
        render_proposal(section, sniffed)


def _open_keys(sections: Mapping[str, Any]) -> list[str]:
    """Settings that a load needs and that are not certain."""
    return [
        f"{section}.{key}"
        for section, sniffed in sections.items()
        for key in sniffed.open
        if key in NEEDED
    ]


def _command(files: Sequence[Path], answers: Sequence[str], sections: Mapping[str, Any]) -> str:
    """The command that gives the likely answers, too."""
    named = [shlex.quote(str(path)) for path in files]
    said = [f"--set {shlex.quote(answer)}" for answer in answers]
    return f"`{' '.join(['ntg init', *named, '--yes --force', *said, *likely_answers(sections)])}`"


def _sniff(
    files: Sequence[Path], home: Path, answers: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """What the files of the log and of the item table seem to be; folders outside the project."""
    from ntg_assets.sources.sniffing.proposals import sniff_file  # noqa: PLC0415  # --help stays quick

    sections: dict[str, Any] = {}
    folders: dict[str, None] = {}
    said = said_before(answers)
    for path in files:
        name, folder = _named(path, home)
        if folder is not None:
            folders[folder] = None
        sniffed = sniff_file(path, name=name, **said)
        before = sections.setdefault("items" if sniffed.is_items else "events", sniffed)
        _settle_order_of_days(before, sniffed)
        _settle_id_types(before, sniffed, name=name)
        _raise_if_other_form(before, sniffed, name=name)
        before.files.append(name)
        if before is not sniffed:
            before.take_questions(sniffed)
    _raise_if_no_log(sections)
    return sections, list(folders)


def _named(path: Path, home: Path) -> tuple[str, str | None]:
    """A file's name in the configuration, and the folder that has to be named where it lies outside
    of the project.

    Raises:
        ConfigurationError: it is no file.
    """
    if not path.is_file():
        raise ConfigurationError(
            f"{path}: is no file. Name files, such as `ntg init plays/*.csv titles.csv`."
        )
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  # links keep their names
    if absolute.is_relative_to(home):
        return absolute.relative_to(home).as_posix(), None
    return absolute.as_posix(), str(absolute.parent)


def _raise_if_other_form(before: Any, sniffed: Any, *, name: str) -> None:  # noqa: ANN401  # imported only where it is needed
    """Raise when a file is written otherwise than the first one of its section."""
    if before.settings == sniffed.settings:
        return
    differing = sorted(
        key
        for key in {*before.settings, *sniffed.settings}
        if before.settings.get(key) != sniffed.settings.get(key)
    )
    column = before.settings.get("value") or sniffed.settings.get("value")
    is_in_both = "value" in before.settings and "value" in sniffed.settings
    hint = (
        ""
        if is_in_both or column is None
        else f" Where only some files have {column!r}, write `value: {{column: {column}, default:"
        ' "1"}` with what stands for it in the others.'
    )
    raise ConfigurationError(
        f"{name}: is written otherwise than {before.files[0]} ({', '.join(differing)}), but"
        f" one source has one description. Describe them apart, with one overlay each.{hint}"
    )


def _raise_if_no_log(sections: Mapping[str, Any]) -> None:
    """Raise when no file is a log, or it says nowhere when something happened."""
    log = sections.get("events")
    if log is None or "event_at" not in log.settings:
        odd = log or sections["items"]
        shown = ", ".join(map(repr, odd.columns))
        raise ConfigurationError(
            f"{odd.files[0]}: holds no column of times that is known here (columns:"
            f" {shown}{_how_divided(odd)}). Name the log, with who did what and when, or write"
            " `event_at` and `timestamp_format` by hand (docs/sources.md)."
        )


def _how_divided(sniffed: Any) -> str:  # noqa: ANN401  # imported only where it is needed
    """How a file was divided, where that may be why nothing is known in it."""
    if records := sniffed.settings.get("records"):
        return f"; of the array {records!r}: `--set records=...` names another"
    if len(sniffed.columns) != 1:
        return ""
    return "; no sign that is known here divides its lines: set `delimiter`"


def _settle_id_types(first: Any, other: Any, *, name: str) -> None:  # noqa: ANN401  # imported only where it is needed
    """Read ids as they are written where those of some files are no whole numbers, or have zeros
    before them.
    """
    for key in ("user_id_type", "item_id_type"):
        role = key.removesuffix("_type")
        types = {first.settings.get(key), other.settings.get(key)}
        if len(types) == 1 or first.settings.get(role) != other.settings.get(role):
            continue
        for sniffed in (first, other):
            sniffed.settings.pop(key, None)
        first.notes.append(
            f"ids of {first.settings.get(role)!r} are whole numbers in some files only (compare"
            f" {first.files[0]} with {name}): all are read as they are written. Where `007` is 7,"
            f" answer `{key}=integer`"
        )


def _settle_order_of_days(first: Any, other: Any) -> None:  # noqa: ANN401  # imported only where it is needed
    """Let a file whose days and months are certain speak for another one, in which they could be
    either.
    """
    key = "timestamp_format"
    for sure, unsure in ((first, other), (other, first)):
        if sure.settings.get(key) in unsure.open.get(key, ()):
            unsure.take(key, sure.settings[key], f"as in another file: {sure.why[key]}")

"""`ntg init FILE...`: look at files, say what was taken for what and why, ask what is not certain,
and write the overlay that reads them.
"""

import codecs
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.options import err, out
from ntg_assets.errors import ConfigurationError, NtgError

NEEDED = (
    "encoding",
    "user_id",
    "item_id",
    "event_at",
    "timestamp_format",
    "decimal",
    "value_if_empty",
    "no_user",
    "no_item",
)
QUESTIONS = {
    "encoding": "In which encoding is the text written (see the example that is shown)?",
    "user_id": "Which column is the user (or `constant:NAME` where all of it is one user's)?",
    "item_id": "Which column is the item?",
    "timestamp_format": "How are the times written?",
    "decimal": "Which sign stands before the fraction of a number (the other: between thousands)?",
    "value_if_empty": "What does an empty value mean?",
    "skip_when_empty": "Are records in which this is empty no events?",
    "no_user": "Do these words mean that there is no user?",
    "no_item": "Do these words mean that there is no item?",
}
SHOWN_ROWS, SHOWN_CHOICES = 10, 40
MARK = "NOT CERTAIN"
BEFORE = ("encoding=", "records=")
OTHER_SIGN = {".": ",", ",": "."}  # where one divides off the fraction, the other groups thousands


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
    _take_answers(answers or [], sections)
    if sys.stdin.isatty() and not yes:
        for sniffed in sections.values():
            _ask(sniffed)
    for section, sniffed in sections.items():
        _tell(section, sniffed)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_overlay(sections, files, folders), encoding="utf-8")
    open_keys = [
        f"{section}.{key}"
        for section, sniffed in sections.items()
        for key in sniffed.open
        if key in NEEDED
    ]
    if open_keys:
        err.print(
            f"{output} is written, but not certain is: {', '.join(open_keys)}. Set what is marked"
            f" with {MARK} in it, then run `ntg check --config {output}`.",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(1)
    _preview(target, home)
    out.print(
        f"{output} is written. Next: `ntg check --config {output}`, then `ntg run-all --config"
        f" {output}`.",
        highlight=False,
        soft_wrap=True,
    )


def _said_before(answers: Sequence[str]) -> dict[str, str]:
    """What a person has given that must be known before any name of a column can be read.

    Raises:
        ConfigurationError: the encoding is none.
    """
    said = dict(answer.split("=", 1) for answer in answers if answer.startswith(BEFORE))
    try:
        return said | (
            {"encoding": codecs.lookup(said["encoding"]).name} if "encoding" in said else {}
        )
    except LookupError:
        raise ConfigurationError(
            f"--set encoding={said['encoding']}: is no known encoding. Write for example cp1252,"
            " cp932, gb18030 or utf-16."
        ) from None


def _sniff(
    files: Sequence[Path], home: Path, answers: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """What the files of the log and of the item table seem to be; folders outside the project."""
    from ntg_assets.sources.sniffing.proposals import sniff_file  # noqa: PLC0415  # --help stays quick

    sections: dict[str, Any] = {}
    folders: dict[str, None] = {}
    said = _said_before(answers)
    for path in files:
        if not path.is_file():
            raise ConfigurationError(
                f"{path}: is no file. Name files, such as `ntg init plays/*.csv titles.csv`."
            )
        absolute = Path(os.path.abspath(path))  # noqa: PTH100  # links keep their names
        inside = absolute.is_relative_to(home)
        name = absolute.relative_to(home).as_posix() if inside else absolute.as_posix()
        if not inside:
            folders[str(absolute.parent)] = None
        sniffed = sniff_file(path, name=name, **said)
        section = "items" if sniffed.is_items else "events"
        before = sections.setdefault(section, sniffed)
        _settle_order_of_days(before, sniffed)
        if before.settings != sniffed.settings:
            differing = sorted(
                key
                for key in {*before.settings, *sniffed.settings}
                if before.settings.get(key) != sniffed.settings.get(key)
            )
            raise ConfigurationError(
                f"{name}: is written otherwise than {before.files[0]} ({', '.join(differing)}), but"
                " one source has one description. Describe them apart, with one overlay each."
            )
        before.files.append(name)
    log = sections.get("events")
    if log is None or "event_at" not in log.settings:
        odd = log or sections["items"]
        shown = ", ".join(map(repr, odd.columns))
        raise ConfigurationError(
            f"{odd.files[0]}: holds no column of times that is known here (columns:"
            f" {shown}{_how_divided(odd)}). Name the log, with who did what and when, or write"
            " `event_at` and `timestamp_format` by hand (docs/sources.md)."
        )
    return sections, list(folders)


def _how_divided(sniffed: Any) -> str:  # noqa: ANN401  # imported only where it is needed
    """How a file was divided, where that may be why nothing is known in it."""
    if records := sniffed.settings.get("records"):
        return f"; of the array {records!r}: `--set records=...` names another"
    is_one = len(sniffed.columns) == 1
    return "; no sign that is known here divides its lines: set `delimiter`" if is_one else ""


def _settle_order_of_days(first: Any, other: Any) -> None:  # noqa: ANN401  # imported only where it is needed
    """Let a file whose days and months are certain speak for another one, in which they could be
    either.
    """
    key = "timestamp_format"
    for sure, unsure in ((first, other), (other, first)):
        if sure.settings.get(key) in unsure.open.get(key, ()):
            unsure.take(key, sure.settings[key], f"as in another file: {sure.why[key]}")


def _take_answers(answers: Sequence[str], sections: Mapping[str, Any]) -> None:
    """Take `key=value` answers; those that no log needs are of the item table (`items.title=...`).

    Raises:
        ConfigurationError: an answer is no `key=value`.
    """
    for answer in answers:
        key, sign, value = answer.partition("=")
        section, _, name = key.rpartition(".")
        sniffed = sections.get(section or "events")
        if not sign or not name or sniffed is None:
            raise ConfigurationError(
                f"--set {answer!r}: is no answer. Write for example `--set user_id=constant:me` or"
                " `--set items.title=name`."
            )
        _take_answer(sniffed, name, value)


def _ask(sniffed: Any) -> None:  # noqa: ANN401  # imported only where it is needed
    """Ask a person what is not certain."""
    for key, choices in list(sniffed.open.items()):
        shown = ", ".join(map(_as_answer, choices))
        answer = typer.prompt(f"{QUESTIONS[key]} ({shown}; empty: leave it open)", default="")
        if answer:
            _take_answer(sniffed, key, answer)


def _as_answer(choice: object) -> str:
    """A choice as a person types it."""
    if isinstance(choice, dict):
        return next(f"{kind}:{value}" for kind, value in choice.items())
    return _yaml(choice) if isinstance(choice, list) else str(choice)


def _take_answer(sniffed: Any, key: str, answer: str) -> None:  # noqa: ANN401  # as above
    """Set what a person said: a text, `constant:NAME` or its kin, a list or number as YAML."""
    kind, sign, value = answer.partition(":")
    taken: object = answer
    if sign and kind in {"constant", "file_name", "folder"}:
        taken = {kind: value}
    elif answer.startswith("[") or key == "value_if_empty":
        import yaml  # noqa: PLC0415  # as above

        taken = yaml.safe_load(answer)
    is_sign = key == "decimal" and key in sniffed.open and answer in OTHER_SIGN
    sniffed.take(key, taken, "as you said")
    if is_sign:
        sniffed.take("thousands", OTHER_SIGN[answer], "the other sign")


def _tell(section: str, sniffed: Any) -> None:  # noqa: ANN401  # as above
    """Print what was taken for what, and why."""
    table = Table(title=f"{section}: {', '.join(sniffed.files)}", title_justify="left")
    for heading in ("setting", "taken for", "because"):
        table.add_column(heading, overflow="fold")
    for key, value in sniffed.settings.items():
        table.add_row(key, escape(_yaml(value)), escape(sniffed.why[key]))
    for key, choices in sniffed.open.items():
        table.add_row(
            key, f"[yellow]{MARK}[/]", escape(f"one of {', '.join(map(_as_answer, choices))}")
        )
    for note in sniffed.notes:
        out.print(f"[yellow]note:[/] {escape(note)}", highlight=False, soft_wrap=True)
    unused = [name for name in sniffed.columns if name not in list(sniffed.settings.values())]
    out.print(table)
    if unused and "columns" not in sniffed.settings:
        out.print(f"not used: {', '.join(unused)}", highlight=False, soft_wrap=True, markup=False)


def _overlay(sections: Mapping[str, Any], files: Sequence[Path], folders: Sequence[str]) -> str:
    """Text of the overlay: each setting with its reason, and what is not certain as a comment."""
    name = files[0].stem
    lines = [
        "# Written by `ntg init`: what your files are, and how they are read (docs/sources.md).",
        "ingest:",
        f"  source_name: {_yaml(name)}",
    ]
    if folders:
        lines.append(f"  source_folders: {_yaml(list(folders))}")
    for section, sniffed in sections.items():
        lines += [f"  {section}:", f"    files: {_yaml(sniffed.files)}"]
        lines += [
            f"    {key}: {_yaml(value)}  # {' '.join(sniffed.why[key].split())}"
            for key, value in sniffed.settings.items()
        ]
        for key, choices in sniffed.open.items():
            lines.append(f"    # {MARK}: {QUESTIONS[key]}")
            for choice in choices[:SHOWN_CHOICES]:
                lines.append(f"    # {key}: {_yaml(choice)}")
                if key == "decimal":
                    lines.append(f"    # thousands: {_yaml(OTHER_SIGN[str(choice)])}")
    return "\n".join(lines) + "\n"


def _yaml(value: object) -> str:
    """A value as YAML reads it (JSON is YAML)."""
    return json.dumps(value, ensure_ascii=False)


def _preview(target: Path, home: Path) -> None:
    """Read the files as they would be, and show what came of it."""
    from ntg_assets.configuration.settings import load_settings, project_paths  # noqa: PLC0415
    from ntg_assets.events.examination import days_of, fitting_horizon  # noqa: PLC0415  # as above
    from ntg_assets.events.preview import preview_events  # noqa: PLC0415

    settings = load_settings(target, home=home)
    paths = project_paths(settings, home=home)
    try:
        preview = preview_events(settings, paths=paths, n_rows=SHOWN_ROWS)
    except NtgError as error:
        err.print(f"[yellow]not loaded yet:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from None
    table = Table(title="the first records as they are read", title_justify="left")
    for heading in preview.rows.columns:
        table.add_column(heading, overflow="fold")
    for row in preview.rows.iter_rows():
        table.add_row(*(escape(str(value)) for value in row))
    out.print(table)
    n_days, configured = days_of(preview.extent), settings.churn.horizon_days
    if (fitting := fitting_horizon(n_days, configured=configured)) != configured:
        why = f"the log spans {n_days:,} days: too few for {configured}"
        with target.open("a", encoding="utf-8") as overlay:
            overlay.write(f"churn:\n  horizon_days: {fitting}  # {why}\n")
        out.print(f"churn.horizon_days is {fitting}: {why}", highlight=False, soft_wrap=True)

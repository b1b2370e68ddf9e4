"""What `ntg init` proposes: as a table for a person, and as the overlay that is written."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.lines import say_marked
from ntg_assets.cli.options import out

QUESTIONS = {
    "encoding": "In which encoding is the text written (see the example that is shown)?",
    "records": "Which of these arrays of one document holds the events?",
    "user_id": "Which column is the user (or `constant:NAME` where all of it is one user's)?",
    "item_id": "Which column is the item?",
    "timestamp_format": "How are the times written?",
    "timestamp_unit": "What do the numbers of times count, and from when?",
    "decimal": "Which sign stands before the fraction of a number (the other: between thousands)?",
    "value_if_empty": "What does an empty value mean?",
    "skip_when_empty": "Are records in which this is empty no events?",
    "skip_last_lines": "Are the last lines no records, and is the file whole all the same?",
    "no_user": "Do these words mean that there is no user?",
    "no_item": "Do these words mean that there is no item?",
}
SHOWN_CHOICES, SHOWN_CHARACTERS = 40, 30
MARK = "NOT CERTAIN"
# what an empty value may mean, as the overlay says it
EMPTY_VALUES = {
    "quarantine": "quarantine",
    "null": "null  # no value: counts as 1",
    "a number": "0  # or another number",
}
OTHER_SIGN = {".": ",", ",": "."}  # where one divides off the fraction, the other groups thousands


def render_proposal(section: str, sniffed: Any) -> None:  # noqa: ANN401  # imported only where it is needed
    """Print what was taken for what, and why."""
    table = Table(title=f"{section}: {', '.join(sniffed.files)}", title_justify="left")
    for heading in ("setting", "taken for", "because"):
        table.add_column(heading, overflow="fold")
    for key, value in sniffed.settings.items():
        table.add_row(key, escape(as_yaml(value)), escape(sniffed.why[key]))
    for key, choices in sniffed.open.items():
        shown = ", ".join(_with_example(sniffed, choice) for choice in choices)
        table.add_row(key, f"[yellow]{MARK}[/]", escape(f"one of {shown}"))
    for note in sniffed.notes:
        say_marked(out, f"[yellow]note:[/] {escape(note)}")
    used = [
        name
        for value in sniffed.settings.values()
        for name in (value.get("all_of", []) if isinstance(value, dict) else [value])
    ]
    unused = [name for name in sniffed.columns if name not in used and not name.endswith("#")]
    out.print(table)
    if unused and sniffed.has_names:
        say_marked(out, escape(f"not used: {', '.join(unused)}"))


def _with_example(sniffed: Any, choice: object) -> str:  # noqa: ANN401  # imported only where it is needed
    """A choice, with a value where it is a column whose name the file does not say."""
    text = as_answer(choice)
    if sniffed.has_names or text not in sniffed.values:
        return text
    return f"{text} (such as {sniffed.values[text][0][:SHOWN_CHARACTERS]!r})"


def overlay_text(sections: Mapping[str, Any], files: Sequence[Path], folders: Sequence[str]) -> str:
    """Text of the overlay: each setting with its reason, and what is not certain as a comment.

    Args:
        sections: Settings by section, each with its reason.
        files: What was looked at.
        folders: Folders outside the project that have to be named.
    """
    name = files[0].stem
    lines = [
        "# Written by `ntg init`: what your files are, and how they are read (docs/sources.md).",
        "ingest:",
        f"  source_name: {as_yaml(name)}",
    ]
    if folders:
        lines.append(f"  source_folders: {as_yaml(list(folders))}")
    for section, sniffed in sections.items():
        lines += [f"  {section}:", f"    files: {as_yaml(sniffed.files)}"]
        lines += [
            f"    {key}: {as_yaml(value)}  # {' '.join(sniffed.why[key].split())}"
            for key, value in sniffed.settings.items()
        ]
        for key, choices in sniffed.open.items():
            lines += _open_question(key, choices)
    return "\n".join(lines) + "\n"


def _open_question(key: str, choices: Sequence[object]) -> list[str]:
    """What is not certain, and each choice as a comment that may be taken in."""
    lines = [f"    # {MARK}: {QUESTIONS[key]}"]
    for choice in choices[:SHOWN_CHOICES]:
        taken = EMPTY_VALUES[str(choice)] if key == "value_if_empty" else as_yaml(choice)
        lines.append(f"    # {key}: {taken}")
        if key == "decimal":
            lines.append(f"    # thousands: {as_yaml(OTHER_SIGN[str(choice)])}")
    return lines


def as_answer(choice: object) -> str:
    """A choice as a person types it."""
    if isinstance(choice, dict):
        ((kind, value),) = choice.items()
        return f"{kind}:{','.join(value) if isinstance(value, list) else value}"
    return as_yaml(choice) if isinstance(choice, list) else str(choice)


def as_yaml(value: object) -> str:
    """A value as YAML reads it (JSON is YAML)."""
    return json.dumps(value, ensure_ascii=False)

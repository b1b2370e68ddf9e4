"""`ntg sql`: questions in SQL to the current publication, which nothing can change."""

import csv
import json
import os
import sys
from collections.abc import Iterator
from typing import Literal, TextIO

from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.json_answers import plain
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import QueryError
from ntg_assets.publish.spreadsheets import safe_text
from ntg_assets.serving.published import open_published
from ntg_assets.serving.questions import all_rows, show_rows
from ntg_assets.storage.connection import Connection

Form = Literal["table", "json", "csv"]
SHOWN_ROWS = 40  # a person reads no more; --csv and --json write all
MOST_LISTED = 1_000  # of tables, or of columns of one
PIPED_WIDTH = 240
PROMPT, GOES_ON = "ntg> ", "...> "
SHORT = {
    ".tables": "select table_schema, table_name, split_part(table_meaning, '. ', 1) as a_row from"
    " answers.dictionary group by all order by all",
    ".columns": "select column_name, column_type, meaning from answers.dictionary where"
    " concat(table_schema, '.', table_name) = $named order by position",
}
HELP = (
    "SQL, ended by `;`. `.tables` lists tables and views, `.columns live.churn_scores` the"
    " columns of one, `.quit` ends. What people ask first: from answers."
)
ANSWERS = (
    "select string_agg(table_name, ', ' order by table_name) from information_schema.tables where"
    " table_schema = 'answers'"
)


def render_sql(
    question: str | None, *, settings: Settings, paths: Paths, console: Console, form: Form
) -> None:
    """Answer one question, or, without one, those of a person or of the standard input.

    Raises:
        QueryError: the question cannot be answered as it is written.
        StorageError: nothing is published yet.
    """
    with open_published(settings, paths) as published:
        if question is None and sys.stdin.isatty():
            _converse(published.connection, published.manifest.generation, console, form)
            return
        text = sys.stdin.read() if question is None else question
        try:
            answer(published.connection, text, console=console, form=form)
        except BrokenPipeError:  # whoever reads has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _width(console: Console) -> int:
    """Columns of text for a table: those of the terminal; a pipe or a log has no edge."""
    return console.width if console.is_terminal else max(console.width, PIPED_WIDTH)


def answer(connection: Connection, question: str, *, console: Console, form: Form) -> None:
    """Print the rows of a question.

    Args:
        connection: Open publication.
        question: SQL.
        console: How wide a table may be.
        form: table for people; json or csv with every row and digit.

    Raises:
        QueryError: it cannot be answered as it is written.
    """
    if form == "table":
        show_rows(connection, question, n_rows=SHOWN_ROWS, width=_width(console))
    else:
        WRITERS[form](*all_rows(connection, question), sys.stdout)


def write_json(columns: list[str], rows: Iterator[tuple[object, ...]], target: TextIO) -> None:
    """Write rows as one JSON array, a row a line.

    Args:
        columns: Names, in order.
        rows: Values in that order, one row at a time.
        target: Where.
    """
    target.write("[")
    for number, row in enumerate(rows):
        values = {name: plain(value) for name, value in zip(columns, row, strict=True)}
        comma = "," if number else ""
        target.write(f"{comma}\n{json.dumps(values, ensure_ascii=False)}")
    target.write("\n]\n")


def write_csv(columns: list[str], rows: Iterator[tuple[object, ...]], target: TextIO) -> None:
    """Write rows as CSV with a header; null is empty, a list is JSON, and no text runs as a formula
    in a spreadsheet (`publish/spreadsheets.py`).

    Args:
        columns: Names, in order.
        rows: Values in that order, one row at a time.
        target: Where.
    """
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        values = (plain(value) for value in row)
        writer.writerow(
            json.dumps(value, ensure_ascii=False)
            if isinstance(value, list | dict)
            else safe_text(value)
            if isinstance(value, str)
            else value
            for value in values
        )


WRITERS = {"json": write_json, "csv": write_csv}


def _converse(connection: Connection, generation: str, console: Console, form: Form) -> None:
    """Answer one question after the other until the person ends; a wrong one ends nothing."""
    import readline  # noqa: F401, PLC0415  # gives `input` its line editing

    greeting = f"generation {generation}, read only. {describe_help(connection)}"
    console.print(greeting, highlight=False, soft_wrap=True)
    while (question := _next_question()) is not None:
        try:
            if question.startswith("."):
                _short(connection, question, console)
            elif question:
                answer(connection, question, console=console, form=form)
        except QueryError as error:
            console.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False)


def describe_help(connection: Connection) -> str:
    """Say how to ask, with the answers that this publication holds."""
    ((names,),) = connection.execute(ANSWERS).fetchall()
    return f"{HELP}{names}."


def _next_question() -> str | None:
    """Read lines up to a `;`, or one short command; None at the end."""
    lines: list[str] = []
    while True:
        try:
            line = input(GOES_ON if lines else PROMPT)
        except EOFError:
            return None
        if not lines and line.strip().startswith("."):
            return None if line.strip() in {".quit", ".exit"} else line.strip()
        if not lines and not line.strip():
            return ""
        lines.append(line)
        if line.rstrip().endswith(";"):
            return "\n".join(lines)


def _short(connection: Connection, text: str, console: Console) -> None:
    command, _, named = text.partition(" ")
    if command not in SHORT:
        console.print(describe_help(connection), highlight=False, soft_wrap=True)
        return
    values = {"named": named.strip()} if command == ".columns" else None
    show_rows(connection, SHORT[command], n_rows=MOST_LISTED, width=_width(console), values=values)

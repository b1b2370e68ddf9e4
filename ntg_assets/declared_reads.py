"""What an asset or a check may read: the tables that it was issued, and nothing else.

The decorators of `orchestration` say what a function reads; while it runs, every table of a query
is held against that. So the asset graph is the whole truth about who sees what. Outside an asset
(the command line, a notebook, a test) nothing is declared, and nothing is refused.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import NoReturn

from ntg_assets.errors import UndeclaredReadError
from ntg_assets.sql import COMMENT, Query, Source, Table

READS_FILES = re.compile(
    r"\b(read_\w+|\w+_scan|scan_\w+|glob|sniff_csv|parquet_\w+|query|query_table)\s*\(",
    re.IGNORECASE,
)
FILES = "ntg/files"  # key of an asset's metadata
ASKS_THE_CLOCK = re.compile(
    r"\b(?:(?:now|today|get_current_timestamp|get_current_time|transaction_timestamp)\s*\("
    r"|current_date\b|current_time\b|current_timestamp\b|localtime\b|localtimestamp\b)"
    r"|'(?:now|today|yesterday|tomorrow)'\s*(?:::|as\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Declared:
    """What one asset or check has declared.

    Attributes:
        reader: Its name in the graph.
        tables: The stored tables that it was issued.
        files: Folders and files that it reads beside its tables, relative to the workspace or the
        project folder, as a person would look for them.
        whole_store: Whether it may open the warehouse itself (what publishes everything).
    """

    reader: str
    tables: frozenset[Table]
    files: tuple[str, ...] = ()
    whole_store: bool = False


_DECLARED: ContextVar[Declared | None] = ContextVar("declared_reads", default=None)
_REFUSED: ContextVar[list[UndeclaredReadError]] = ContextVar("refused_reads")


@contextmanager
def only(declared: Declared | None) -> Iterator[None]:
    """Let what runs in the block read what is declared; None lifts the limit.

    Raises:
        UndeclaredReadError: something else was refused in the block, also where what asked for it
            went on as if nothing had happened.
    """
    refused: list[UndeclaredReadError] = []
    token, refusals = _DECLARED.set(declared), _REFUSED.set(refused)
    try:
        yield
    finally:
        _REFUSED.reset(refusals)
        _DECLARED.reset(token)
    if refused:
        raise refused[0]


def _raise_error(text: str) -> NoReturn:
    error = UndeclaredReadError(text)
    _REFUSED.get().append(error)
    raise error


def running_reader() -> str | None:
    """Name of the asset or check that runs; None outside of any."""
    declared = _DECLARED.get()
    return declared.reader if declared else None


def require_declared(source: Source) -> None:
    """Refuse a table that the running asset or check was not issued, however deep in a query.

    Raises:
        UndeclaredReadError: such a table is named, or a function that reads files.
    """
    declared = _DECLARED.get()
    if declared is not None:
        _require(source, declared)


def require_files(what: str) -> None:
    """Refuse to open files or another store unless the running asset declares that it does.

    Raises:
        UndeclaredReadError: it does not.
    """
    declared = _DECLARED.get()
    if declared is not None and not (declared.files or declared.whole_store):
        _raise_error(
            f"{declared.reader} opens {what}, and declares no files. Take a table as a parameter,"
            " or name what is read in `files=` of its decorator."
        )


def refuse(what: str, *, instead: str) -> None:
    """Refuse what no asset may ask, whatever it declares; outside an asset nothing is refused.

    Raises:
        UndeclaredReadError: an asset or check runs.
    """
    declared = _DECLARED.get()
    if declared is not None:
        _raise_error(f"{declared.reader} asks {what}, which no asset may. {instead}")


def require_whole_store() -> None:
    """Refuse the warehouse itself to whoever was issued single tables.

    Raises:
        UndeclaredReadError: the running asset or check was.
    """
    declared = _DECLARED.get()
    if declared is not None and not declared.whole_store:
        _raise_error(
            f"{declared.reader} opens the warehouse itself. Ask `project.read` for the tables that"
            " its parameters name."
        )


def _require(source: Source, declared: Declared) -> None:
    if isinstance(source, Table) and source not in declared.tables and not declared.whole_store:
        declared_names = (
            ", ".join(sorted(f"{table.schema}.{table.name}" for table in declared.tables)) or "none"
        )
        _raise_error(
            f"{declared.reader} reads {source.schema}.{source.name}, which it was not issued"
            f" (issued: {declared_names}). Name the table as a parameter, with `reads=` where it is"
            " of another stage: the asset graph must show who sees what."
        )
    if isinstance(source, Query):
        if clock := ASKS_THE_CLOCK.search(COMMENT.sub("", source.text)):
            _raise_error(
                f"{declared.reader}: {source.origin} asks the clock ({clock.group()}). Bind the"
                " cutoff as a parameter: what is made of a log is the same on every day."
            )
        if not declared.files and (reader := READS_FILES.search(COMMENT.sub("", source.text))):
            _raise_error(
                f"{declared.reader}: {source.origin} reads files itself ({reader.group(1)}). Read"
                " them through `sources/` in the first step, and take the table as a parameter."
            )
        for part in source.tables.values():
            _require(part, declared)

"""Account for every line of every file, or refuse the load: readers fail silently, sums do not."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.sources.accounting.rejected_lines import Reject, line_at, rejects_of
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.reading.file_columns import count_parquet_rows
from ntg_assets.sources.reading.layouts import Layout
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.storage.run import run

SHOWN_CHARACTERS, MOST_TOLD = 80, 500
NOTHING_READ = dict.fromkeys(
    ("n_read", "n_valid", "n_skipped", "n_folded", "n_inner_lines", "n_inner_blank_lines"), 0
)


@dataclass(frozen=True)
class FileCounts:
    """Rows of one file: `n_rows` is what must be there, `n_valid`, `n_invalid`, `n_skipped` and
    `rejects` are what was found; `n_folded` of the valid ones have a time that clocks showed twice,
    `n_last_lines` of the skipped ones stand below the records.
    """

    n_rows: int
    n_valid: int
    n_invalid: int
    rejects: tuple[Reject, ...] = ()
    n_skipped: int = 0
    n_folded: int = 0
    n_last_lines: int = 0

    @classmethod
    def of(
        cls,
        row: Mapping[str, int],
        *,
        n_rows: int,
        rejects: tuple[Reject, ...],
        n_last_lines: int = 0,
    ) -> "FileCounts":
        """Counts of a file from a row of `row_counts`.

        Args:
            row: What was read of the file.
            n_rows: What must be there.
            rejects: Lines that do not fit the dialect.
            n_last_lines: Lines below the records that were left out.
        """
        return cls(
            n_rows + n_last_lines,
            row["n_valid"],
            row["n_read"] - row["n_valid"] - row["n_skipped"],
            rejects,
            row["n_skipped"] + n_last_lines,
            row["n_folded"],
            n_last_lines,
        )

    @property
    def n_read(self) -> int:
        """Rows that the reader finds: all but the lines that are none."""
        return self.n_rows - len(self.rejects) - self.n_last_lines

    @property
    def n_bad(self) -> int:
        return self.n_invalid + len(self.rejects)

    def with_invalid(self, n_invalid: int) -> "FileCounts":
        """The same rows after a further rule: `n_invalid` of the readable ones are refused."""
        return replace(self, n_valid=self.n_valid + self.n_invalid - n_invalid, n_invalid=n_invalid)


@contextmanager
def reading(home: Path) -> Iterator[None]:
    """Turn what the engine says about a file into one sentence."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise  # not the file's fault: the connection says which limit was met
    except duckdb.Error as error:
        sentence = " ".join(str(error).replace(f"{home}/", "").split())
        sentence = sentence.split(" file = ")[0][
            :MOST_TOLD
        ]  # what follows is all of the reader's options
        raise SourceError(f"a source file cannot be read, nothing was loaded: {sentence}") from None


class Span(NamedTuple):
    """What the usable rows of a log span: users, the first and the last moment
    (naive UTC; none without rows).
    """

    n_users: int
    first_at: datetime | None
    last_at: datetime | None


def count_events(
    connection: duckdb.DuckDBPyConnection, plan: Plan
) -> tuple[dict[int, FileCounts], Span]:
    """Count the rows of a log's files (see `count_rows`), and what they span,
    in the same reading.
    """
    counted = run(
        over_typed_rows(_storing(plan), "event_row_counts", package="sources.accounting"),
        connection,
    )
    total = counted.filter(pl.col("load_file") == 0).row(0, named=True)
    span = Span(total["n_users"] or 0, total["first_at"], total["last_at"])
    return _account(connection, plan, counted), span


def count_rows(connection: duckdb.DuckDBPyConnection, plan: Plan) -> dict[int, FileCounts]:
    """Read all files once and account for their rows.

    Args:
        connection: Sandboxed, not used for another counting before (rejects are kept per
        connection).
        plan: Files and rules.

    Returns:
        Counts by file number, for every file of the plan.

    Raises:
        SourceError: in some file the rows found are not the rows that must be there.
    """
    rows = over_typed_rows(_storing(plan), "row_counts", package="sources.accounting")
    return _account(connection, plan, run(rows, connection))


def _storing(plan: Plan) -> Plan:
    """The same plan, keeping the lines that do not fit."""
    return replace(
        plan,
        layouts=tuple(replace(layout, stores_rejects=layout.has_lines) for layout in plan.layouts),
    )


def _account(
    connection: duckdb.DuckDBPyConnection, plan: Plan, counted: pl.DataFrame
) -> dict[int, FileCounts]:
    """Hold what was read of each file against what must be there."""
    read = {row["load_file"]: row for row in counted.to_dicts()}
    rejects = rejects_of(connection, plan.layouts)
    counts = {}
    for layout in plan.layouts:
        expected = _expected_rows(connection, layout, read)
        for file in layout.files:
            row, n_rows = read.get(file.number, NOTHING_READ), expected[file.number]
            refused = rejects.get(str(file.read_path), ())
            _raise_if_unreconciled(file, n_rows=n_rows, n_read=row["n_read"], rejects=refused)
            raise_if_other_count(file, n_rows)
            counts[file.number] = FileCounts.of(
                row, n_rows=n_rows, rejects=refused, n_last_lines=file.n_last_lines
            )
    return counts


def _expected_rows(
    connection: duckdb.DuckDBPyConnection, layout: Layout, read: Mapping[int, Mapping[str, int]]
) -> dict[int, int]:
    """Rows that each file of a layout must have, by its number."""
    if not layout.has_lines:
        return count_parquet_rows(connection, layout.files)
    return {
        file.number: _csv_rows(file, layout, read.get(file.number, NOTHING_READ))
        for file in layout.files
    }


def _csv_rows(file: SourceFile, layout: Layout, row: Mapping[str, int]) -> int:
    """Rows a CSV file must have: its lines without the header, empty lines,
    and the further lines of rows that have several.
    """
    n_blank_lines = file.n_blank_lines - row["n_inner_blank_lines"]
    # with one column an empty line is a row
    skipped = 0 if layout.keeps_blank_lines else n_blank_lines
    return file.n_lines - file.n_header_lines - skipped - row["n_inner_lines"]


def raise_if_other_count(file: SourceFile, n_rows: int) -> None:
    """Raise when a file has other than the records that its manifest says, which counts those with
    lists inside once.
    """
    n_rows = n_rows if file.n_before is None else file.n_before
    if file.n_stated_rows is not None and file.n_stated_rows != n_rows:
        raise SourceError(
            f"{file.name}: holds {n_rows:,} rows, its manifest says {file.n_stated_rows:,}; nothing"
            " was loaded. Was its copy interrupted? Deliver it again."
        )


def _raise_if_unreconciled(
    file: SourceFile, *, n_rows: int, n_read: int, rejects: Sequence[Reject]
) -> None:
    if n_rows == n_read + len(rejects):
        return
    where = ""
    if rejects:
        first = rejects[0]
        where = (
            f" The first line that does not fit is line {line_at(file, first.offset)}"
            f" ({first.reason}): {first.text[:SHOWN_CHARACTERS]!r}."
        )
    raise SourceError(
        f"{file.name}: {n_rows:,} rows expected from its lines, {n_read + len(rejects):,} found"
        f" ({n_read:,} readable, {len(rejects):,} not); nothing was loaded.{where} An unclosed"
        " quote swallows the lines after it: mend the file and deliver it again."
    )

"""How many bad rows are too many: the share that is allowed, half of a file that says something,
and what the refusal shows of them.
"""

from pathlib import Path

import polars as pl
import pytest

from ntg_assets.errors import SourceError
from ntg_assets.sources.accounting.quarantine import BadRow
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.accounting.threshold import (
    WRONG_FILE_ROWS,
    Breach,
    find_breach,
    raise_too_many,
)
from ntg_assets.sources.files.source_files import SourceFile

FILES = [
    SourceFile(number, Path(name), name, "csv", sha256="", n_bytes=0, changed_ns=0)
    for number, name in ((1, "1.csv"), (2, "2.csv"))
]
HINT = "Are timestamp_unit and timezone right?"


def breach_of(*bad: tuple[int, int], max_bad_share: float) -> Breach | None:
    """Ask of files with so many (bad, all) rows."""
    counts = {
        number: FileCounts(n_rows=n_rows, n_valid=n_rows - n_bad, n_invalid=n_bad)
        for number, (n_bad, n_rows) in enumerate(bad, start=1)
    }
    return find_breach(counts, FILES, source="events", max_bad_share=max_bad_share)


def refusal(breach: Breach, reasons: list[tuple[str, int]], *rows: BadRow) -> str:
    counted = pl.DataFrame(
        [("at", reason, n_rows) for reason, n_rows in reasons],
        schema=["column_name", "reason", "n_rows"],
        orient="row",
    )
    with pytest.raises(SourceError) as refused:
        raise_too_many(breach, reasons=counted, examples=rows, files=FILES)
    return str(refused.value)


def test_the_share_that_is_allowed_is_allowed() -> None:
    assert breach_of((5, 100), (0, 100), max_bad_share=5 / 200) is None
    breach = breach_of((5, 100), (1, 100), max_bad_share=5 / 200)
    assert breach is not None
    assert (breach.label, breach.files, breach.n_bad, breach.n_rows) == ("events", (1, 2), 6, 200)


def test_more_than_half_of_a_file_is_too_many_where_its_rows_say_something() -> None:
    most = WRONG_FILE_ROWS // 2 + 1
    assert breach_of((0, 9), (most, WRONG_FILE_ROWS - 1), max_bad_share=1.0) is None
    assert breach_of((0, 9), (most - 1, WRONG_FILE_ROWS), max_bad_share=1.0) is None
    breach = breach_of((0, 9), (most, WRONG_FILE_ROWS), max_bad_share=1.0)
    assert breach is not None
    assert (breach.label, breach.files) == ("2.csv", (2,))


def test_shown_are_the_first_rows_of_the_files_that_are_meant() -> None:
    rows = [BadRow(file, line, "at", "is empty", f"row {line}") for file, line in
            ((2, 9), (1, 3), (2, 7), (2, 8), (2, 5))]  # fmt: skip
    text = refusal(Breach("2.csv", (2,), 10, 4, "most"), [("is empty", 4)], *rows)
    assert "First: 2.csv line 5: 'row 5'; 2.csv line 7: 'row 7'; 2.csv line 8: 'row 8'." in text


@pytest.mark.parametrize(("n_outside", "asks"), [(2, False), (3, True)])
def test_the_clock_is_asked_about_where_most_bad_rows_lie_outside_its_years(
    n_outside: int, *, asks: bool
) -> None:
    reasons = [("is before earliest_event", n_outside), ("is empty", 4 - n_outside)]
    assert (HINT in refusal(Breach("events", (1,), 10, 4, "most"), reasons)) is asks

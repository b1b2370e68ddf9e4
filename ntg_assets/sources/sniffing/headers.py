"""Which names the columns of a text have: those of its first line, or those of their places."""

import re
from collections import Counter
from collections.abc import Sequence

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.null_words import NULL_WORDS
from ntg_assets.sources.sniffing.sniffed import SAMPLE_LINES, Sniffed
from ntg_assets.sources.sniffing.time_kinds import time_settings

MOSTLY = 0.9  # of the lines
FEWEST_OTHERS = 3  # lines


def take_columns(
    rows: list[list[str]],
    n_fields: int,
    sniffed: Sniffed,
    *,
    said: Sequence[str] = (),
    name: str,
) -> None:
    """Columns by the header, or by their places where there is none.

    Args:
        rows: Fields of each line from the header (or the first record) on.
        n_fields: Of most lines.
        sniffed: What is completed.
        said: Names that a comment says, as servers write them (`#Fields: date time`).
        name: The file in messages.
    """
    if _is_header(rows) and not said:
        sniffed.columns, rows = rows[0], rows[1:]
        if _is_below_header(rows):
            sniffed.take("columns", sniffed.columns, "its first line")
            n_above = sniffed.settings.get("skip_lines", 0)
            why = f"the line below the names says their types or units: {rows[0]}"
            sniffed.take("skip_lines", n_above + 2, why)
            rows = rows[1:]
        _validate_header(sniffed, rows, name=name)
        rows = [row for row in rows if len(row) == n_fields and row != sniffed.columns]
    elif len(said) == n_fields == len(set(said)):
        sniffed.columns = [*said]
        sniffed.take("columns", sniffed.columns, "as the comment `#Fields:` says")
    else:
        sniffed.columns = [f"column_{place}" for place in range(1, n_fields + 1)]
        sniffed.take("columns", sniffed.columns, "its first line holds values, no names")
        sniffed.has_names = False
    sniffed.values = {
        column: [row[place] if place < len(row) else "" for row in rows]
        for place, column in enumerate(sniffed.columns)
    }


def _validate_header(sniffed: Sniffed, rows: Sequence[Sequence[str]], *, name: str) -> None:
    """Say what is odd about a header; refuse one that is not that of the lines below it."""
    header = sniffed.columns
    _raise_if_foreign_header(header, rows, name=name)
    _raise_if_other_header(rows, header, name=name)
    folded = [entry.casefold() for entry in header]
    twice = sorted({entry for entry in header if entry and folded.count(entry.casefold()) > 1})
    if twice:
        sniffed.notes.append(f"several columns are called alike: {', '.join(map(repr, twice))}")
    if n_repeated := sum(row == header for row in rows):
        sniffed.notes.append(
            f"{n_repeated:,} further line(s) repeat the header (were files put together?) and are"
            " left out"
        )


def _raise_if_foreign_header(
    header: Sequence[str], rows: Sequence[Sequence[str]], *, name: str
) -> None:
    """Raise when no line follows a header, or nearly all have another number of fields."""
    if not rows:
        raise SourceError(
            f"{name}: holds a header ({', '.join(map(repr, header))}) and no record. Deliver a file"
            " with rows."
        )
    n_fields, n_lines = Counter(map(len, rows[:SAMPLE_LINES])).most_common(1)[0]
    if n_fields != len(header) and n_lines >= MOSTLY * len(rows[:SAMPLE_LINES]):
        raise SourceError(
            f"{name}: its header names {len(header)} columns, its lines have {n_fields} fields"
            f" (such as {rows[0]!r}). Is a comma of numbers or texts not quoted, or does each line"
            " end in a delimiter? Deliver lines of as many fields, or give `columns` and"
            " `skip_lines: 1`."
        )


def _raise_if_other_header(
    rows: Sequence[Sequence[str]], header: Sequence[str], *, name: str
) -> None:
    """Raise when the names of the header come again in another order: what follows would be read
    under wrong names.
    """
    other = next((row for row in rows if row != header and _folded(row) == _folded(header)), None)
    if other is not None:
        raise SourceError(
            f"{name}: holds another header ({', '.join(map(repr, other))}) below"
            f" {', '.join(map(repr, header))}: files of differing columns were put together."
            " Deliver them apart."
        )


def _folded(row: Sequence[str]) -> list[str]:
    return sorted(cell.casefold() for cell in row)


def _is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line holds names: none of them is a number or a time, or comes again below
    (a repeated header apart).
    """
    first = rows[0]
    if any(is_datum(cell) for cell in first):
        return False
    others = [row for row in rows[1:SAMPLE_LINES] if _folded(row) != _folded(first)]
    return not any(
        cell.strip() and sum(place < len(row) and row[place] == cell for row in others) > 0
        for place, cell in enumerate(first)
    )


def _is_below_header(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the line below the names is a second header: it holds no value where all others hold
    one (`String`, `DateTime`; `UTC`, `s`).
    """
    first, others = rows[0] if rows else [], rows[1:SAMPLE_LINES]
    if len(others) < FEWEST_OTHERS or any(len(row) != len(first) for row in others):
        return False
    data = [
        first[place].strip()
        for place in range(len(first))
        if all(is_datum(row[place]) for row in others)
    ]
    are_words = [cell for cell in data if cell and cell.lower() not in NULL_WORDS]
    return len(data) > 1 and bool(are_words) and not any(map(is_datum, first))


def is_datum(cell: str) -> bool:
    """Whether a cell is a value, which no name of a column would be."""
    text = cell.strip()
    if re.fullmatch(r"-?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*", text):
        return True
    has_digits = re.search(r"\d.*\d", text) is not None
    return has_digits and time_settings([text], is_named=False) is not None

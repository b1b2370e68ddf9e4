"""Lines below the records of a text: totals, notes, what a program says when it is done."""

import re
from collections.abc import Callable, Iterable, Sequence

from ntg_assets.sources.sniffing.headers import is_datum
from ntg_assets.sources.sniffing.sniffed import Sniffed

NUMBER = re.compile(r"[-+]?[\d.,' ]+")
OTHER_SIGNS = (",", ";", "\t", "|", "::")
Rows = Iterable[Sequence[str]]
# what a program says that breaks off, at the beginning of a line
BROKEN_OFF = re.compile(
    r"(?i)^\W*(<html|<!doctype|<br|error\b|fatal\b|exception\b|traceback\b|warning:|\w*error:"
    r"|ora-\d+|\{\"?error|connection |timeout|killed\b|out of memory|segmentation fault)"
)
SHOWN_CHARACTERS = 80
MOST_LINES, FEWEST_RECORDS = 12, 2


def take_lines_below(
    sniffed: Sniffed,
    lines: Sequence[str],
    rows: Sequence[Sequence[str]],
    n_fields: int,
    divided: Callable[[Sequence[str], str], Rows],
) -> int:
    """Propose to skip the lines at the end of a text that are no records; return how many.

    Args:
        sniffed: What is completed.
        lines: The last ones, without blank ones.
        rows: Their fields.
        n_fields: Of most lines.
        divided: Fields of lines by another sign: what that divides evenly are records.
    """
    n_below = lines_below(rows, n_fields, is_cut=sniffed.is_cut)
    below = lines[len(lines) - n_below :]
    are_odd = any(len(row) != n_fields for row in rows[len(rows) - n_below :])
    if are_odd and any(
        all(len(row) == n_fields for row in divided(below, sign)) for sign in OTHER_SIGNS
    ):
        return 0
    if n_below:
        shown = " / ".join(line.strip() for line in below)[:SHOWN_CHARACTERS]
        sniffed.take("skip_last_lines", n_below, f"the last lines are no records: {shown!r}")
        if any(map(BROKEN_OFF.search, below)):
            sniffed.settings.pop("skip_last_lines")
            sniffed.open["skip_last_lines"] = [n_below]
            sniffed.notes.append(
                f"the file ends in what a program says when it fails ({shown!r}): records may be"
                " missing. Export it anew, or answer `skip_last_lines` where it is whole"
            )
    return n_below


def lines_below(rows: Sequence[Sequence[str]], n_fields: int, *, is_cut: bool = False) -> int:
    """Count the lines at the end of a text that are no records: those of another number of fields,
    or of less than half of the fields that every line above them fills.

    Args:
        rows: Fields of the last lines, in order; blank lines left out.
        n_fields: Of most lines.
        is_cut: Whether the last line does not end: then one of fewer fields may be half a record.
    """
    if n_fields < 2:  # noqa: PLR2004  # a text of one column: any line may be a record
        return 0
    usual = [row for row in rows if len(row) == n_fields]
    n_below = 0
    for row in reversed(rows[-MOST_LINES - 1 :]):
        others = [_n_filled(other) for other in usual if other is not row and not _is_sparse(other)]
        if len(others) < FEWEST_RECORDS:
            return 0
        is_empty = _is_sparse(row) and _n_filled(row) < min(others) and not any(map(_is_time, row))
        is_other = len(row) != n_fields or is_empty
        if not is_other:
            break
        n_below += 1
    sparse_above = any(_is_sparse(row) for row in rows[1 : len(rows) - n_below] if len(row) > 1)
    only_sparse = all(len(row) == n_fields for row in rows[len(rows) - n_below :])
    if n_below > MOST_LINES or (only_sparse and sparse_above):
        return 0
    last = rows[-1] if rows else []
    may_be_half = n_below == 1 and is_cut and 1 < len(last) < n_fields and any(map(is_datum, last))
    return 0 if may_be_half else n_below


def _is_sparse(row: Sequence[str]) -> bool:
    return 2 * _n_filled(row) <= len(row)


def _is_time(cell: str) -> bool:
    return is_datum(cell) and not NUMBER.fullmatch(cell.strip())


def _n_filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)

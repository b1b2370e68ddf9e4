"""Lines of a text that no delimiter divides into columns as they are meant: printed tables, logs of
servers, fields of one width, quotes that are not closed.
"""

import re
from collections.abc import Sequence

from ntg_assets.errors import SourceError
from ntg_assets.sources.sniffing.divided_lines import delimiter_of
from ntg_assets.sources.sniffing.sniffed import SAMPLE_LINES

FEW_LINES = 0.05  # share: a path that ends in a backslash is none
GAP = re.compile(r" {2,}|\t")
RULES, FIRST_LINES = re.compile(r"[-+|:=\s]*-{3}[-+|:=\s]*"), 4  # of printed tables; where
SERVER_LINES = (
    # of servers, of stores of objects, of balancers of loads
    (re.compile(r"(\S+ ){2,4}\[\d{2}/\w{3}/\d{4}:"), "the lines of a web server's log"),
    (
        re.compile(r"(h2|\w+s?) \d{4}-\d\d-\d\dT\S+ (app|net)/\S+ "),
        "the lines of a web server's log",
    ),
    (re.compile(r"(\w+=(\S+|\"[^\"]*\") ){2}"), "pairs of keys and values"),
    (re.compile(r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ "), "the lines of a system's log"),
    (re.compile(r"[^\t{]*\t\s*\{.*\}\s*$"), "a key and a JSON object in each line (of Kafka?)"),
)
NAMED_VALUE = re.compile(r"[^\W\d]\w*( \w+)*\s*: \S")
MANY_LINE_ENDS = 20  # in one field


def raise_if_not_delimited(lines: Sequence[str], *, name: str) -> None:
    """Raise when lines are a table as it is printed for people, or those of a log.

    Args:
        lines: The first ones that hold something and are no comment.
        name: The file in messages.
    """
    _raise_if_printed_table(lines, name=name)
    _raise_if_server_log(lines, name=name)


def raise_if_undivided(rows: Sequence[Sequence[str]], lines: Sequence[str], *, name: str) -> None:
    """Raise when lines of one field hold several in another way: aligned, named, or in quotes.

    Args:
        rows: Fields of the lines.
        lines: As they are written.
        name: The file in messages.
    """
    _raise_if_aligned_lines(lines, name=name)
    _raise_if_named_values(lines, name=name)
    _raise_if_quoted_lines(rows, lines, name=name)


def raise_if_ill_quoted(
    rows: Sequence[Sequence[str]], lines: Sequence[str], quote: str, delimiter: str, *, name: str
) -> None:
    """Raise when a quote is not closed, or where delimiters inside of fields stand in none.

    Args:
        rows: Fields of the lines.
        lines: As they are written.
        quote: The sign around fields.
        delimiter: The sign between fields.
        name: The file in messages.
    """
    _raise_if_unclosed_quote(rows, lines, quote, name=name)
    _raise_if_escaped_delimiters(lines, delimiter, name=name)


def _raise_if_printed_table(lines: Sequence[str], *, name: str) -> None:
    """Raise when a line of dashes stands below a header, as databases print tables for people."""
    rule = next((line for line in lines[:FIRST_LINES] if RULES.fullmatch(line)), None)
    if rule is not None:
        raise SourceError(
            f"{name}: is a table as a program prints it for people (with a line {rule[:40]!r}),"
            " whose fields are padded. Export it as CSV."
        )


def _raise_if_server_log(lines: Sequence[str], *, name: str) -> None:
    """Raise when lines are those of a web server, or pairs of keys and values: no sign divides such
    into columns.
    """
    for pattern, called in SERVER_LINES:
        if lines and all(map(pattern.match, lines[:FIRST_LINES])):
            raise SourceError(
                f"{name}: holds {called} ({lines[0][:80]!r}), which no delimiter divides into"
                " columns. Write them as CSV, or one JSON object a line."
            )


def _raise_if_aligned_lines(lines: Sequence[str], *, name: str) -> None:
    """Raise when fields are padded with spaces to columns of one width."""
    n_fields = {len(GAP.split(line.strip())) for line in lines[:SAMPLE_LINES]}
    if len(n_fields) == 1 and min(n_fields) > 1:
        raise SourceError(
            f"{name}: holds {min(n_fields)} columns that are aligned with spaces, not divided by a"
            " delimiter. Export it as CSV."
        )


def _raise_if_named_values(lines: Sequence[str], *, name: str) -> None:
    """Raise when each line holds one value behind its name: records are several lines long."""
    if len(lines) > 1 and all(map(NAMED_VALUE.match, lines[:SAMPLE_LINES])):
        raise SourceError(
            f"{name}: holds one value behind its name in each line ({lines[0][:80]!r}), so that"
            " records are several lines long. Write them as CSV, or one JSON object a line."
        )


def _raise_if_quoted_lines(
    rows: Sequence[Sequence[str]], lines: Sequence[str], *, name: str
) -> None:
    """Raise when each line as a whole stands in quotes."""
    inside = [row[0] for row in rows if row]
    delimiter, n_fields = delimiter_of(inside, '"', None)
    if n_fields > 1 and lines[0].startswith('"'):
        raise SourceError(
            f"{name}: each line stands in quotes as a whole ({lines[0][:80]!r}), with fields"
            f" divided by {delimiter!r} inside. Remove the outer quotes, and deliver it again."
        )


def _raise_if_unclosed_quote(
    rows: Sequence[Sequence[str]], lines: Sequence[str], quote: str, *, name: str
) -> None:
    """Raise when a field swallows the lines after it."""
    if not any(cell.count("\n") >= MANY_LINE_ENDS for row in rows for cell in row):
        return
    first = next((line for line in lines if line.count(quote) % 2), "")
    raise SourceError(
        f"{name}: a quote is opened and not closed in {first[:80]!r}, so that the lines after it"
        " are one field. Mend the line, or set `quote: null` where quotes are text."
    )


def _raise_if_escaped_delimiters(lines: Sequence[str], delimiter: str, *, name: str) -> None:
    """Raise when delimiters stand inside of fields behind a backslash, where no quote is: databases
    unload tables so, and each such field would be read as two.
    """
    if len(delimiter) > 1 or delimiter == "\t":
        return  # a tab inside of a field is written as two letters
    sample = lines[:SAMPLE_LINES]
    odd = [line for line in sample if "\\" + delimiter in line and '"' not in line]
    if len(odd) > FEW_LINES * len(sample):
        raise SourceError(
            f"{name}: a backslash stands before {delimiter!r} inside of fields ({odd[0][:80]!r}),"
            " which divides them. Unload it with quotes around fields (`ADDQUOTES`, `CSV`), and"
            " deliver it again."
        )

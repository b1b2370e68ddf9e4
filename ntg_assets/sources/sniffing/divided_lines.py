"""How the lines of a text are divided into fields: by the sign that does it most evenly."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.sources.files.dialects import Dialect
from ntg_assets.sources.files.exploding_csv import exploded_rows, list_in_field
from ntg_assets.sources.sniffing.headers import MOSTLY
from ntg_assets.sources.sniffing.json.record_lists import singular
from ntg_assets.sources.sniffing.roles.name_matching import by_name
from ntg_assets.sources.sniffing.roles.role_names import ROLES
from ntg_assets.sources.sniffing.sniffed import SAMPLE_LINES, Sniffed, as_paths, show_texts

DELIMITERS = ("::", ";", "\t", "|", ",", "^", "~", "\x01", "\x1f")
PADDED = ",;|\t"  # may stand between spaces
LIST_SIGNS, IN_JSON = "|;, ", "["
WORD, ID = re.compile(r"[^|;,]{1,80}"), re.compile(r"[A-Za-z_-]*\d[\w-]*")
FEWEST_WORDS = 3
LOOKED_AT = 200  # texts
FEWEST_LINES = 3  # of a table above notes: its header and two records


def delimiter_of(lines: Sequence[str], quote: str, escape: str | None) -> tuple[str, int]:
    """The sign that divides the lines most evenly, into the most fields."""
    sample = lines[:SAMPLE_LINES]
    best, chosen = (0.0, 0), (",", 1)
    for delimiter in DELIMITERS:
        counts = Counter(len(row) for row in rows_of(sample, delimiter, quote, escape))
        if not counts:
            continue
        n_fields, n_lines = max(counts.items(), key=lambda count: (count[1], count[0]))
        if n_fields > 1 and (n_lines / len(sample), n_fields) > best:
            best, chosen = (n_lines / len(sample), n_fields), (delimiter, n_fields)
    delimiter, n_fields = chosen
    if n_fields == 1:
        delimiter, n_fields = _short_table(sample, quote, escape)
    if n_fields == 1 and (n_words := _n_words(sample, quote, escape)):
        return " ", n_words
    if delimiter == "|" and all(line.count("||") * 2 == line.count("|") for line in sample):
        return "||", (n_fields + 1) // 2
    if delimiter in PADDED and n_fields > 1:
        return _with_spaces(sample, delimiter), n_fields
    return delimiter, n_fields


def _short_table(lines: Sequence[str], quote: str, escape: str | None) -> tuple[str, int]:
    """The sign that divides the first lines alone, above notes that it does not divide."""
    for delimiter in DELIMITERS:
        counts = [len(row) for row in rows_of(lines, delimiter, quote, escape)]
        n_rows = next((place for place, n in enumerate(counts) if n != counts[0]), len(counts))
        if counts and counts[0] > 1 and n_rows >= FEWEST_LINES and set(counts[n_rows:]) <= {1}:
            return delimiter, counts[0]
    return ",", 1


def _n_words(lines: Sequence[str], quote: str, escape: str | None) -> int:
    """Into how many fields spaces divide each line; none: they do not, or stand in texts."""
    rows = list(rows_of(lines, " ", quote, escape))
    if any("" in row or any(sign in cell for cell in row for sign in "[=") for row in rows):
        return 0  # columns of one width, the lines of a server, pairs of keys and values
    counts = Counter(map(len, rows))
    n_fields, n_lines = max(counts.items(), key=lambda count: count[1], default=(0, 0))
    return n_fields if n_fields >= FEWEST_WORDS and n_lines >= MOSTLY * len(lines) else 0


def _with_spaces(lines: Sequence[str], delimiter: str) -> str:
    """The delimiter with the spaces that stand beside each of its places."""
    before = " " if all(_is_beside(line, " " + delimiter, delimiter) for line in lines) else ""
    after = " " if all(_is_beside(line, delimiter + " ", delimiter) for line in lines) else ""
    return before + delimiter + after


def _is_beside(line: str, padded: str, delimiter: str) -> bool:
    """Whether each delimiter of a line, but for one at its end, is padded."""
    n_bare = line.endswith(delimiter) and not line.endswith(padded)
    return line.count(padded) + n_bare == line.count(delimiter)


def take_lists_in_fields(sniffed: Sniffed) -> None:
    """Propose to explode a column of a text that is called like several items, and holds them
    between signs (`a|b|c`) or as JSON; take the lists apart that a person has named.
    """
    if "explode" in sniffed.settings:
        _take_elements(sniffed, None)
    elif not by_name(sniffed.columns, ROLES["item_id"]):
        for name in sniffed.columns:
            sign = _sign_of_lists(sniffed.values[name])
            is_called_so = bool(by_name([singular(name)], ROLES["item_id"]))
            holds_items = sign == IN_JSON and _hold_items(sniffed.values[name])
            if sign is not None and (is_called_so or holds_items):
                _propose_lists(sniffed, name, sign, are_ids=not holds_items)
                return


def _propose_lists(sniffed: Sniffed, name: str, sign: str, *, are_ids: bool) -> None:
    why = "it is called like several items" if are_ids else "their elements are"
    sniffed.take("explode", name, f"its fields hold lists, and {why}")
    if sign != IN_JSON:
        sniffed.take("explode_separator", sign, f"such as {show_texts(sniffed.values[name])}")
    _take_elements(sniffed, None if sign == IN_JSON else sign)
    sniffed.elements = {"item_id": name} if are_ids else {}


def _hold_items(texts: Sequence[str]) -> bool:
    """Whether the lists of some texts are objects that have the key of an item."""
    lists = [list_in_field(text.strip()) or [] for text in texts[:LOOKED_AT]]
    objects = [one for elements in lists for one in elements if isinstance(one, dict)]
    keys = dict.fromkeys(key for one in objects for key in one)
    return bool(by_name([*keys], ROLES["item_id"]))


def _take_elements(sniffed: Sniffed, sign: str | None) -> None:
    """Take the values of records that are exploded, as a load would have them."""
    explode = as_paths(sniffed.settings["explode"])
    source = FileSource(files=["-"], explode=explode, explode_separator=sign)
    fields = zip(*(sniffed.values[column] for column in sniffed.columns), strict=True)
    records = (("", list(row)) for row in fields)
    made = list(exploded_rows(records, sniffed.columns, source, name=explode[0]))
    sniffed.values = {
        column: [row[place] for row in made if row[-1]]
        for place, column in enumerate(sniffed.columns)
    }


def _sign_of_lists(texts: Sequence[str]) -> str | None:
    """What divides most of some texts into several short words; `[` where they are JSON."""
    filled = [text.strip() for text in texts if text.strip()]
    if not filled:
        return None
    if all(list_in_field(text) is not None for text in filled):
        return IN_JSON
    for sign in LIST_SIGNS:
        if 2 * sum(sign in text for text in filled) > len(filled):
            parts = [part for text in filled for part in text.split(sign)]
            is_element = ID if sign == " " else WORD  # words of a title stand between spaces, too
            return sign if all(is_element.fullmatch(part.strip()) for part in parts) else None
    return None


def rows_of(
    lines: Sequence[str], delimiter: str, quote: str, escape: str | None = None
) -> Iterable[list[str]]:
    """Fields of each line.

    Args:
        lines: Without comments.
        delimiter: Between fields; several signs, or one and a space, too.
        quote: Around fields.
        escape: Before a quote inside of a field; None: it is doubled.
    """
    dialect = Dialect(delimiter, quote, escape or quote)
    if len(delimiter) > 1:
        return (_fields(dialect, line) for line in lines)
    text = io.StringIO("\n".join(map(dialect.as_python_reads, lines)), newline="")
    return csv.reader(
        text,
        delimiter=delimiter,
        quotechar=quote,
        doublequote=escape is None,
        escapechar=escape,
    )


def _fields(dialect: Dialect, line: str) -> list[str]:
    """Fields of a line; where it cannot be divided, the line is one."""
    try:
        return dialect.parse(line)
    except csv.Error:
        return [line]

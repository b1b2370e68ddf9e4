"""How the lines of a CSV file are divided into fields: the same for the reader and for people."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ntg_assets.configuration.inputs.files import FileSource

MOST_LINES = 1_000  # of one record


@dataclass(frozen=True)
class Dialect:
    """One way to write CSV.

    Attributes:
        delimiter: One or more characters.
        quote: Around fields; empty: none.
        escape: Before a quote inside a quoted field; the quote itself: it is doubled.
        has_header: Whether the first line names the columns.
    """

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    has_header: bool = True

    @classmethod
    def of(cls, source: FileSource) -> "Dialect":
        """The dialect of a configured source."""
        quote = source.quote or ""
        return cls(source.delimiter, quote, source.escape or quote, source.columns is None)

    def parse(self, record: str) -> list[str]:
        """Fields of one record.

        Raises:
            csv.Error: a quote is not closed, or not doubled.
        """
        if len(self.delimiter) > 1:
            return self._parse_long(record)
        text = self.as_python_reads(record)
        return next(self.reader(io.StringIO(text, newline="")), [""])

    def as_python_reads(self, record: str) -> str:
        r"""A record in which what stands before quotes stands twice outside of quoted fields: there
        it is a sign like any other (`\N`), to Python not.
        """
        if self.escape in {"", self.quote} or self.escape not in record:
            return record
        quote, escape = re.escape(self.quote), re.escape(self.escape)
        start = rf"(?:^|(?<={re.escape(self.delimiter)}))"
        quoted = rf"({start}{quote}(?:{escape}.|[^{quote}{escape}])*(?:{quote}|$))"
        return re.sub(
            rf"{quoted}|{escape}",
            lambda match: match.group(1) or 2 * self.escape,
            record,
            flags=re.DOTALL,
        )

    def write(self, fields: Sequence[str]) -> str:
        """One record of these fields, without a line end."""
        return self.delimiter.join(map(self._quoted, fields))

    def _quoted(self, field: str) -> str:
        signs = (self.delimiter, self.quote, "\n", "\r")
        if not self.quote or not any(sign in field for sign in signs):
            return field
        return f"{self.quote}{field.replace(self.quote, self.escape + self.quote)}{self.quote}"

    def records(self, lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Texts of records with their fields; a record that cannot be divided is one field."""
        waiting = ""
        for line in lines:
            waiting += line
            try:
                fields = self.parse(waiting.rstrip("\r\n"))
            except csv.Error:
                if waiting.count("\n") < MOST_LINES:
                    continue
                fields = [waiting]
            if waiting.strip("\r\n"):
                yield waiting.rstrip("\r\n"), fields
            waiting = ""
        if waiting.strip("\r\n"):
            yield waiting.rstrip("\r\n"), [waiting]

    def reader(self, lines: Any) -> Any:  # noqa: ANN401  # csv's own reader has no public type
        """Python's reader of the same dialect; the delimiter is one character."""
        if not self.quote:
            return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE, strict=True)
        is_doubled = self.escape == self.quote
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=is_doubled,
            escapechar=None if is_doubled else self.escape,
            strict=True,
        )

    def _parse_long(self, record: str) -> list[str]:
        """Fields between delimiters of several characters."""
        text = record.rstrip("\r\n")
        if not self.quote or self.quote not in text:
            return text.split(self.delimiter)
        fields: list[str] = []
        place = 0
        while True:
            field, place = self._field_at(text, place)
            fields.append(field)
            if place >= len(text):
                return fields
            place += len(self.delimiter)
            if place == len(text):
                return [*fields, ""]

    def _field_at(self, text: str, place: int) -> tuple[str, int]:
        """The field that begins at a place, and where it ends."""
        if not text.startswith(self.quote, place):
            end = text.find(self.delimiter, place)
            end = len(text) if end < 0 else end
            return text[place:end], end
        written: list[str] = []
        place += 1
        while place < len(text):
            if text.startswith(self.escape + self.quote, place):
                written.append(self.quote)
                place += 2
            elif text[place] == self.quote:
                after = place + 1
                if after < len(text) and not text.startswith(self.delimiter, after):
                    raise csv.Error(f"{self.delimiter!r} expected after a closed quote")
                return "".join(written), after
            else:
                written.append(text[place])
                place += 1
        raise csv.Error("unexpected end of data")

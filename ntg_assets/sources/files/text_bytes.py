"""What the bytes of a text file say before a reader is trusted with it: its encoding, its lines."""

import codecs
import re

from ntg_assets.errors import SourceError

NATIVE = frozenset({"utf-8", "utf-8-sig", "ascii"})  # encodings that readers take as they are
UTF8_MARK = codecs.BOM_UTF8
UNFINISHED = "unexpected end of data"  # what a decoder says of a text that is cut
LINE_ENDS = re.compile(rb"\n+")


def ends_in_returns(head: bytes) -> bool:
    """Whether the lines of the first bytes of a text end in a carriage return alone."""
    return b"\r" in head and b"\n" not in head.rstrip(b"\n")


def describe_unfinished(rest: bytes) -> str:
    """Say what the last bytes of a text are, which are the first ones of a character of UTF-8, and
    how to read them where they are another encoding's own.
    """
    written = rest.hex(" ")
    other = rest.decode("cp1252", "replace")
    return (
        f"UTF-8, {written} without what follows it; where it is {other!r} of an older encoding, set"
        " `encoding: cp1252`"
    )


class TextCounts:
    """Counts over the bytes of a text, chunk by chunk."""

    def __init__(self, name: str, *, quote: bytes = b'"', first_line: int = 0) -> None:
        self.name = name
        self._quote = quote
        self._first_line = first_line  # lines of the file before what is counted here
        self.n_lines = self.n_blank_lines = 0
        self.has_quotes = False
        self._n_returns = self._n_two_byte_ends = 0
        self._has_long_ends = False  # `\\r\\r\\n`, of a text that was converted twice
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._at_line_start = True
        self._first: bytes | None = None
        self.repeats_first = False  # whether the first line comes again

    def add(self, chunk: bytes) -> None:
        """Count one more chunk, and refuse what is no UTF-8 text."""
        self._raise_if_other_encodings(chunk)
        self.has_quotes = self.has_quotes or bool(self._quote and self._quote in chunk)
        plain = chunk.replace(b"\r", b"") if b"\r" in chunk else chunk
        if len(plain) < len(chunk):
            self._n_returns += len(chunk) - len(plain)
            self._n_two_byte_ends += chunk.count(b"\r\n")
            self._has_long_ends = self._has_long_ends or b"\r\r\n" in chunk
        text = b"\n" + plain if self._at_line_start else plain
        self._look_for_first(text)
        if b"\n\n" in text:
            self.n_blank_lines += len(text) - len(LINE_ENDS.sub(b"\n", text))
        self.n_lines += plain.count(b"\n")
        self._at_line_start = text.endswith(b"\n")

    def _look_for_first(self, text: bytes) -> None:
        if self._first is None:
            self._first, mark, _ = text.lstrip(b"\n").removeprefix(UTF8_MARK).partition(b"\n")
            text = text[text.index(self._first) + len(self._first) :] if mark else b""
        line = self._first + b"\n"
        self.repeats_first = self.repeats_first or (
            len(line) > 1 and (b"\n" + line in text or UTF8_MARK + line in text)
        )

    def finish(self) -> None:
        """Count a last line without a line end."""
        self._raise_if_other_encodings(b"", final=True)
        if not self._at_line_start:
            self.n_lines += 1

    @property
    def has_bare_returns(self) -> bool:
        """Whether lines end in a carriage return alone, as old spreadsheets write them: no other
        end is there but, perhaps, the last one.
        """
        n_feeds = self.n_lines - (not self._at_line_start)
        return self._n_returns > self._n_two_byte_ends and (
            n_feeds == 0 or (n_feeds == 1 and self._at_line_start)
        )

    @property
    def has_stray_returns(self) -> bool:
        """Whether some lines end in a carriage return alone, where others end otherwise and no
        quotes could hold it.
        """
        n_bare = self._n_returns - self._n_two_byte_ends
        return n_bare > 0 and not self._has_long_ends and not self.has_quotes

    @property
    def has_mixed_ends(self) -> bool:
        """Whether some lines end in carriage return and line feed, others in a line feed, or some
        in more.
        """
        return self._has_long_ends or 0 < self._n_two_byte_ends < self.n_lines - 1

    def _raise_if_other_encodings(self, chunk: bytes, *, final: bool = False) -> None:
        if b"\0" in chunk:
            line = self._line_of(chunk, chunk.index(b"\0"))
            raise SourceError(
                f"{self.name}: line {line} holds a NUL byte, plain UTF-8 text was expected."
                " Is it UTF-16 (set `encoding: utf-16-le`) or a binary file? Deliver text."
            )
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            line, byte = self._line_of(error.object, error.start), error.object[error.start]
            if final and error.reason == UNFINISHED:
                raise SourceError(
                    f"{self.name}: line {line}, the last one, ends in the middle of a character"
                    f" ({describe_unfinished(error.object[error.start :])})."
                    " Was its copy interrupted? Deliver it again."
                ) from None
            raise SourceError(
                f"{self.name}: line {line} is not UTF-8 (byte {byte:#04x}). Set `encoding` to what"
                " it is written in, for example `encoding: cp1252` (Windows) or `latin-1`."
            ) from None

    def _line_of(self, chunk: bytes, position: int) -> int:
        return self._first_line + self.n_lines + 1 + chunk[:position].count(b"\n")

"""In which encoding a text is written, by its bytes: the one in which words are words."""

import re
import unicodedata

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_kinds import HEAD_BYTES
from ntg_assets.sources.files.other_kinds import BYTE_ORDER_MARKS
from ntg_assets.sources.files.text_bytes import UNFINISHED, describe_unfinished
from ntg_assets.sources.sniffing.east_asian_encodings import east_asian_encodings
from ntg_assets.sources.sniffing.roles.role_names_abroad import NAMES, folded
from ntg_assets.sources.sniffing.sniffed import SAMPLE_BYTES
from ntg_assets.sources.sniffing.word_letters import WORD, share_in_words

CONTROL_SHARE = 0.02  # of the characters; a stray one is told by the reader
TWO_ENCODINGS = 10  # bytes of another encoding that look like UTF-8 by chance are fewer
EXAMINED_BYTES = 64 << 10
# of one byte for each sign; the first is what most files are, and stays where none is much better
ONE_BYTE = (
    "cp1252", "cp1251", "cp1250", "iso8859-2", "koi8-r", "cp1253", "cp1255", "cp1256", "mac-roman",
    "cp850", "cp866",
)  # fmt: skip
WITHOUT_CAPITALS = {"cp1255", "cp1256"}
MUCH_BETTER, SURE = 0.2, 0.9  # share of the signs that are as in a word
JAPANESE_ESCAPE = re.compile(rb"\x1b\$[@B]")
LONG_ENOUGH = 4  # letters that are no word by chance
HEADER_LINES, FEWEST_NAMES = 5, 2
CELLS = re.compile(r"[;,|\t]")
KNOWN_NAMES = [
    (names, {folded(name) for text in names[1:] for name in text.split("|")})
    for names in NAMES.values()
]
SEPARATORS = "\t\r\n\x01\x1f"
ENCODED_TWICE = re.compile(
    "[\u00c3\u00c2\u00e2][\u0080-\u00bf\u0152-\u0178\u02c6\u02dc\u2013-\u2122]"
)


def raise_if_no_text(text: str, *, name: str) -> None:
    """Raise when what was decoded is mostly no text."""
    n_control = sum(
        unicodedata.category(sign) in {"Cc", "Cn"} and sign not in SEPARATORS
        for sign in text[:HEAD_BYTES]
    )
    if text[:HEAD_BYTES].count("\0") * 2 > n_control:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise SourceError(
            f"{name}: line {line} holds a NUL byte, text was expected. Is the file binary, or were"
            " zeros written where its end is missing? Deliver text."
        )
    if n_control > CONTROL_SHARE * len(text[:HEAD_BYTES]):
        raise SourceError(
            f"{name}: is no text in an encoding that is known here ({n_control:,} of its first"
            f" {len(text[:HEAD_BYTES]):,} characters are control characters). Is it a binary file,"
            " or EBCDIC (`encoding: cp500`)? Deliver text, or set `encoding`."
        )


def encodings_of(head: bytes, *, name: str) -> list[str]:
    """Find the encoding that the first bytes of a text fit; several where they could be either."""
    if certain := _by_marks(head):
        return [certain]
    try:
        head[: -4 if len(head) == SAMPLE_BYTES else None].decode("utf-8")
    except UnicodeDecodeError as error:
        _raise_if_cut(head, error, name=name)
        one_byte, is_sure = _of_one_byte(head)
        if by_header := _by_header(head, one_byte if is_sure else None):
            return [by_header]
        if not is_sure and (east_asian := east_asian_encodings(head[:EXAMINED_BYTES])):
            return east_asian
        _raise_if_two_encodings(head, error.start, name=name)
        return [one_byte]
    return ["utf-8"]


def _by_marks(head: bytes) -> str | None:
    """The encoding that marks, zeros and escapes of the first bytes tell."""
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding.lower()
    first, second = head[:HEAD_BYTES:2], head[1:HEAD_BYTES:2]
    if second.count(0) > len(second) / 2 and not first.count(0):
        return "utf-16-le"
    if first.count(0) > len(first) / 2 and not second.count(0):
        return "utf-16-be"
    return "iso2022_jp" if JAPANESE_ESCAPE.search(head[:EXAMINED_BYTES]) else None


def is_encoded_twice(text: str) -> bool:
    """Whether a text shows what UTF-8 looks like that was read as Latin and written again."""
    return len(ENCODED_TWICE.findall(text)) > sum(sign > "\x7f" for sign in text) / 4


def _raise_if_cut(head: bytes, error: UnicodeDecodeError, *, name: str) -> None:
    """Raise when only the last character of a text is no UTF-8, since the rest of it is missing."""
    if error.reason == UNFINISHED:
        rest = describe_unfinished(head[error.start :])
        raise SourceError(
            f"{name}: ends in the middle of a character ({rest}, here `--set encoding=cp1252`). Was"
            " its copy interrupted? Deliver it again."
        )


def _by_header(head: bytes, one_byte: str | None) -> str | None:
    """The encoding in which the first lines hold names of columns, in a language that is written so
    in spreadsheets: of several the one whose names are the most, and whose words are words.

    Args:
        head: The first bytes.
        one_byte: The encoding in which nearly all words are words, where there is one: names of
            ASCII alone are no reason for another.
    """
    usual = head[:EXAMINED_BYTES].rpartition(b"\n")[0].decode(one_byte) if one_byte else None
    least = share_in_words(usual) - MUCH_BETTER if usual else 0.0
    lines = head[:EXAMINED_BYTES].splitlines()[:HEADER_LINES]
    ranks: dict[str, tuple[int, float]] = {}
    for encoding in dict.fromkeys(one for names in NAMES.values() for one in names.encodings):
        try:
            text = head[:EXAMINED_BYTES].rpartition(b"\n")[0].decode(encoding)
            header = [line.decode(encoding) for line in lines]
        except UnicodeDecodeError:
            continue
        n_names, are_ascii = max(_n_names(line, encoding) for line in header)
        share = share_in_words(text)
        if not are_ascii or share >= least:
            called = one_byte if one_byte and text == usual else encoding
            ranks[called] = max(ranks.get(called, (0, 0.0)), (n_names, share))
    best = max(ranks, key=lambda encoding: ranks[encoding], default=None)
    return best if best and ranks[best][0] >= FEWEST_NAMES else None


def _n_names(header: str, encoding: str) -> tuple[int, bool]:
    """How many of the cells of a line are names of columns in the language of an encoding in which
    most are, and whether all of these are ASCII.
    """
    cells = {folded(cell): cell for cell in re.split(CELLS, header) if folded(cell)}
    of_languages = [
        [cells[name] for name in cells.keys() & known]
        for names, known in KNOWN_NAMES
        if encoding in names.encodings
    ]
    most = max(of_languages, key=len)
    return len(most), all(map(str.isascii, most))


def _of_one_byte(head: bytes) -> tuple[str, bool]:
    """The encoding in which most signs are those of words, and whether nearly all are, in a script
    that has capitals.
    """
    scores: dict[str, float] = {}
    for encoding in ONE_BYTE:
        try:
            scores[encoding] = share_in_words(head[:EXAMINED_BYTES].decode(encoding))
        except UnicodeDecodeError:
            continue
    best = max(scores, key=lambda encoding: scores[encoding], default="latin-1")
    usual = ONE_BYTE[0] if ONE_BYTE[0] in scores else "latin-1"
    chosen = best if scores.get(best, 0) > scores.get(usual, 0.5) + MUCH_BETTER else usual
    text = head[:EXAMINED_BYTES].decode(chosen)
    long_words = " ".join(word for word in WORD.findall(text) if len(word) >= LONG_ENOUGH)
    is_sure = not long_words.isascii() and share_in_words(long_words) >= SURE
    return chosen, is_sure and chosen not in WITHOUT_CAPITALS and scores.get(chosen, 0) >= SURE


def _raise_if_two_encodings(head: bytes, place: int, *, name: str) -> None:
    """Raise when some of a text is UTF-8 and some is not."""
    text = head.decode("utf-8", "surrogateescape")
    n_others = sum("\udc80" <= sign <= "\udcff" for sign in text)
    n_known = sum(sign > "\x7f" for sign in text) - n_others
    if n_known * TWO_ENCODINGS > n_others:
        line = head.count(b"\n", 0, place) + 1
        raise SourceError(
            f"{name}: is written in two encodings: {n_known:,} characters are UTF-8, {n_others:,}"
            f" bytes are not (first in line {line}). Deliver the file in one."
        )

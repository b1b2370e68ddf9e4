"""What files seem to be: how their text is divided, which column is what, how times and numbers are
written, each with the reason why. It proposes settings; the reader itself never guesses.
"""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import polars as pl

from ntg_assets.configuration.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.sources.file_kinds import (
    BYTE_ORDER_MARKS,
    HEAD_BYTES,
    is_whole_parquet,
    json_kind,
    refuse_other_kinds,
)
from ntg_assets.sources.packing import open_unpacked, unpacking
from ntg_assets.sources.staging import records_of

SAMPLE_BYTES, SAMPLE_RECORDS = 4 << 20, 20_000
DELIMITERS = ("::", ";", "\t", "|", ",", "\x01")
SHOWN_VALUES = 3
ROLES: dict[str, tuple[str, ...]] = {
    "event_at": (
        "event_at", "timestamp", "ts", "event_time", "eventtime", "time", "datetime", "date_time",
        "start_time", "starttime", "endtime", "end_time", "started_at", "played_at", "watched_at",
        "watched_date", "watch_date", "created_at", "utc_time", "date", "day", "datum", "zeitpunkt",
        "zeit", "uhrzeit", "gesehen_am", "gekauft_am", "bestellt_am", "occurred_at", "happened_at",
    ),
    "user_id": (
        "user_id", "userid", "user", "username", "user_name", "uid", "member", "member_id",
        "account", "account_id", "customer", "customer_id", "profile", "profile_name", "subscriber",
        "subscriber_id", "viewer", "viewer_id", "visitor_id", "household", "household_id",
        "kunde", "kunden_id", "kundennummer", "kunden_nr", "kundennr", "nutzer", "nutzer_id",
        "benutzer", "person_id",
    ),
    "item_id": (
        "item_id", "itemid", "item", "movieid", "movie_id", "movie", "title_id", "titleid",
        "content_id", "contentid", "product_id", "productid", "product", "track_id", "track",
        "trackname", "track_name", "song", "song_id", "video_id", "video", "video_title", "episode",
        "show_id", "show", "film", "film_id", "book_id", "book", "asset_id", "sku", "artikel",
        "artikel_id", "artikelnummer", "sendung", "titel_id", "titel", "title", "name",
        "master_metadata_track_name", "titleurl",
    ),
    "value": (
        "value", "rating", "stars", "score", "amount", "price", "revenue", "duration", "minutes",
        "seconds", "ms_played", "msplayed", "watch_time", "play_time", "length", "quantity",
        "betrag", "preis", "wert", "bewertung", "dauer", "minuten",
    ),
    "event_type": (
        "event_type", "eventtype", "event", "action", "type", "page", "aktion", "ereignis",
    ),
}  # fmt: skip
ITEM_ROLES = {
    "categories": ("categories", "category", "genres", "genre", "kategorien", "kategorie")
}
TITLES = ("title", "titel", "name", "item_name", "product_name")
CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H:%M:%S %z", "")
DAYS = (
    "%d.%m.%Y", "%m.%d.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%y", "%m.%d.%y",
    "%d/%m/%y", "%m/%d/%y", "%Y/%m/%d", "%Y.%m.%d", "%d %b %Y", "%d %B %Y", "%b %d, %Y",
    "%B %d, %Y", "%d. %B %Y", "%d-%b-%Y",
)  # fmt: skip
WHOLE_FORMATS = (
    "%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S%z", "%Y%m%d%H%M%S", "%Y%m%d", "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %z %Y", "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S,%f",
)  # fmt: skip
ISO = re.compile(
    r"\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*"
    r"(Z|z|UTC|GMT|[+-]\d{2}(:?\d{2})?)?)?\s*"
)
EPOCHS = (("seconds", 1e8, 1e10), ("milliseconds", 1e11, 1e13), ("microseconds", 1e14, 1e16),
          ("nanoseconds", 1e17, 1e19))  # fmt: skip
DURATION = re.compile(r"\s*-?(\d+:)?\d{1,4}:\d{2}([.,]\d+)?\s*|\s*P(\d+D)?T(\d+[HMS])+\s*")
GERMAN = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d+")
SIGN = re.compile(r"^([^\d\s.,+()-]{1,3})?\s*[\d.,' ()+-]+\s*([^\d\s.,+()-]{1,3})?$")
ID = re.compile(r"0|[1-9]\d{0,17}")
LATIN_ONLY = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that cp1252 does not have


@dataclass
class Sniffed:
    """What a file seems to be.

    Attributes:
        settings: Proposed settings, by key.
        why: Reason for each.
        open: What is not certain, by key, with the choices.
        columns: Names of the columns, in order.
        values: Some texts of each column.
        is_items: Whether it is an item table, not a log.
        files: Files that are like this one.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    open: dict[str, list[str]] = field(default_factory=dict)
    columns: list[str] = field(default_factory=list)
    values: dict[str, list[str]] = field(default_factory=dict)
    is_items: bool = False
    files: list[str] = field(default_factory=list)

    def take(self, key: str, value: object, why: str) -> None:
        """Propose a setting."""
        self.settings[key] = value
        self.why[key] = why


def sniff_file(path: Path, *, name: str) -> Sniffed:
    """Look at a file and propose settings for it.

    Raises:
        SourceError: it is no data that could be read.
    """
    found = Sniffed()
    if is_whole_parquet(path):
        _sniff_parquet(path, found)
    else:
        with unpacking(name), open_unpacked(path) as opened:
            head = opened.read(SAMPLE_BYTES)
        if not head:
            raise SourceError(f"{name}: is empty. Deliver a file with rows.")
        _sniff_text(head, path, found, name=name)
    _sniff_roles(found)
    return found


def _sniff_parquet(path: Path, found: Sniffed) -> None:
    frame = pl.read_parquet(path, n_rows=SAMPLE_RECORDS)
    found.columns = frame.columns
    for column, dtype in frame.schema.items():
        plain = not isinstance(dtype, pl.List | pl.Struct)
        texts = (
            frame[column].cast(pl.String) if plain else frame[column].map_elements(str, pl.String)
        )
        found.values[column] = [text or "" for text in texts]


def _sniff_text(head: bytes, path: Path, found: Sniffed, *, name: str) -> None:
    encoding = _encoding_of(head)
    if encoding != "utf-8":
        found.take("encoding", encoding, f"its bytes are no UTF-8, they read as {encoding}")
    source = FileSource(files=[name], encoding=encoding, skip_lines=1)
    refuse_other_kinds(head[:HEAD_BYTES], name=name, source=source)
    text = head.decode(encoding, "ignore").removeprefix("\ufeff")
    kind = json_kind(text.lstrip()[:HEAD_BYTES].encode())
    if kind is not None:
        _sniff_json(text, path, found, kind=kind, name=name)
        return
    lines = text.splitlines()
    if len(head) == SAMPLE_BYTES:
        lines = lines[:-1]  # it may be cut
    _sniff_csv(lines, found, name=name)


def _encoding_of(head: bytes) -> str:
    for mark, encoding in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding.lower()
    half = len(head[:HEAD_BYTES]) // 2
    if half and head[:HEAD_BYTES][1::2].count(0) > half / 2:
        return "utf-16-le"
    if half and head[:HEAD_BYTES][::2].count(0) > half / 2:
        return "utf-16-be"
    try:
        head[: -4 if len(head) == SAMPLE_BYTES else None].decode("utf-8")
    except UnicodeDecodeError:
        return "latin-1" if LATIN_ONLY.intersection(head) else "cp1252"
    return "utf-8"


def _sniff_json(text: str, path: Path, found: Sniffed, *, kind: str, name: str) -> None:
    records: Iterable[str] = text.splitlines()
    if kind == "json":
        with unpacking(name), open_unpacked(path) as opened:
            whole = opened.read().decode(found.settings.get("encoding", "utf-8"))
        place = _records_place(json.loads(whole)) if whole.lstrip().startswith("{") else None
        if place is not None:
            found.take("records", place, "the longest array of objects in the document")
        records = records_of(whole.removeprefix("\ufeff"), place, name=name)
    parsed = []
    for record in islice(records, SAMPLE_RECORDS):
        try:
            parsed.append(json.loads(record))
        except ValueError:
            continue
    flat = [_flat(one) for one in parsed if isinstance(one, dict)]
    found.columns = list(dict.fromkeys(key for one in flat for key in one))
    found.values = {key: [one.get(key, "") for one in flat] for key in found.columns}


def _records_place(document: object, above: str = "") -> str | None:
    """Dotted place of the longest array of objects."""
    best: tuple[int, str | None] = (0, None)
    for key, value in document.items() if isinstance(document, dict) else ():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            best = max(best, (len(value), f"{above}{key}"), key=lambda one: one[0])
        elif isinstance(value, dict) and (deeper := _records_place(value, f"{above}{key}.")):
            best = max(best, (1, deeper), key=lambda one: one[0])
    return best[1]


def _flat(record: Mapping[str, object], above: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{above}{key}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            flat |= _flat(value[0], f"{above}{key}.0.")
        else:
            shown = json.dumps(value) if isinstance(value, list | bool) else value
            flat[f"{above}{key}"] = "" if value is None else str(shown)
    return flat


def _sniff_csv(lines: Sequence[str], found: Sniffed, *, name: str) -> None:
    n_skipped = 0
    if lines and lines[0].lower().startswith("sep="):
        n_skipped = 1
        found.take("skip_lines", 1, "its first line is `sep=` for Excel")
    body = [line for line in lines[n_skipped:] if line]
    if body and body[0].startswith("#"):
        found.take("comment", "#", "its first line begins with #")
        body = [line for line in body if not line.startswith("#")]
    if not body:
        raise SourceError(f"{name}: holds no record. Deliver a file with rows.")
    delimiter, n_fields = _delimiter_of(body)
    if delimiter != ",":
        found.take("delimiter", delimiter, f"it divides {len(body):,} lines into {n_fields} fields")
    rows = list(_rows(body[: SAMPLE_RECORDS + 1], delimiter))
    has_header = not any(_is_datum(cell) for cell in rows[0])
    if has_header:
        found.columns, rows = rows[0], rows[1:]
    else:
        found.columns = [f"column_{place}" for place in range(1, n_fields + 1)]
        found.take("columns", found.columns, "its first line holds values, no names")
    found.values = {
        column: [row[place] if place < len(row) else "" for row in rows]
        for place, column in enumerate(found.columns)
    }


def _delimiter_of(lines: Sequence[str]) -> tuple[str, int]:
    """The sign that divides the lines most evenly, into the most fields."""
    sample = lines[:200]
    best, found = (0.0, 0), (",", 1)
    for delimiter in DELIMITERS:
        counts = Counter(len(row) for row in _rows(sample, delimiter))
        n_fields, n_lines = max(counts.items(), key=lambda one: (one[1], one[0]))
        if n_fields > 1 and (n_lines / len(sample), n_fields) > best:
            best, found = (n_lines / len(sample), n_fields), (delimiter, n_fields)
    return found


def _rows(lines: Sequence[str], delimiter: str) -> Iterable[list[str]]:
    if len(delimiter) > 1:
        return (line.split(delimiter) for line in lines)
    return csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=delimiter)


def _is_datum(cell: str) -> bool:
    """Whether a cell is a value, which no name of a column would be."""
    text = cell.strip()
    return bool(re.fullmatch(r"-?[\d.,:/ TZ+-]*\d[\d.,:/ TZ+-]*", text))


def _sniff_roles(found: Sniffed) -> None:
    """Say which column is what."""
    texts = {
        name: [text for text in values if text.strip()] for name, values in found.values.items()
    }
    free = [name for name in found.columns if texts.get(name)]
    _sniff_time(found, free, texts)
    has_names = "columns" not in found.settings
    if "event_at" not in found.settings and "event_at" not in found.open and has_names:
        found.is_items = _sniff_items(found, free, texts)
        if found.is_items:
            return
    for role in ("user_id", "item_id", "value", "event_type"):
        _sniff_role(found, role, free, texts, has_names=has_names)
    for role in ("user_id", "item_id"):
        if role in found.settings:
            _sniff_id_type(found, role, texts[found.settings[role]])


def _sniff_role(
    found: Sniffed,
    role: str,
    free: list[str],
    texts: Mapping[str, list[str]],
    *,
    has_names: bool,
) -> None:
    """Take the column that is called like a role; without one a needed role stays open."""
    candidates = _by_name(free, ROLES[role]) if has_names else []
    if role == "value":
        candidates = [name for name in candidates if _number_settings(texts[name]) is not None]
    if not candidates:
        if role in {"user_id", "item_id"}:
            found.open[role] = list(free)
        return
    name = candidates[0]
    free.remove(name)
    found.take(role, name, f"by its name; values such as {_shown(texts[name])}")
    if role == "value":
        for key, value, why in _number_settings(texts[name]) or ():
            found.take(key, value, why)
        if len(texts[name]) < len(found.values[name]):
            found.open["value_if_empty"] = ["quarantine", "null", "a number"]


def _by_name(columns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Columns that are called like a role, the most usual name first."""
    folded = {name: re.sub(r"[\s.\-]+", "_", name.strip()).lower() for name in columns}
    return [name for word in known for name, one in folded.items() if one == word]


def _sniff_time(found: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> None:
    named = _by_name(free, ROLES["event_at"])
    others = [name for name in free if name not in named]
    for name in [*named, *others]:
        is_named = name in named
        read = _time_settings(texts[name], is_named=is_named)
        if read is None:
            continue
        settings, why, choices = read
        found.take("event_at", name, f"{'by its name and ' if is_named else ''}its values: {why}")
        for key, value in settings.items():
            found.take(key, value, why)
        if choices:
            found.open["timestamp_format"] = choices
        free.remove(name)
        return
    if named:
        found.open["timestamp_format"] = [f"the format of {_shown(texts[named[0]])}"]
        found.take("event_at", named[0], "by its name; its values are in no format known here")
        free.remove(named[0])


def _time_settings(
    texts: Sequence[str], *, is_named: bool
) -> tuple[dict[str, Any], str, list[str]] | None:
    """Settings that read all these texts as times, why, and the choices where several do."""
    if all(ISO.fullmatch(text) for text in texts):
        return {}, f"ISO, such as {_shown(texts)}", []
    if is_named or len(texts) > 1:
        for unit, low, high in EPOCHS:
            if all(_is_between(text, low, high) for text in texts) and (
                is_named or unit != "seconds"
            ):
                return {"timestamp_unit": unit}, f"epoch {unit} by their size ({texts[0]})", []
    plain = [text.strip().replace("\u202f", " ").replace("\xa0", " ") for text in texts]
    fitting = [one for one in _formats(plain) if all(_parses(text, one) for text in plain)]
    if not fitting:
        return None
    if len(fitting) > 1:
        return {}, f"fits {' and '.join(fitting)}: day and month cannot be told apart", fitting
    return {"timestamp_format": fitting[0]}, f"only {fitting[0]} fits all {len(texts):,}", []


def _formats(texts: Sequence[str]) -> list[str]:
    """Formats that the first text fits, so that the others need not be tried on all."""
    known = [*WHOLE_FORMATS]
    for day in DAYS:
        for clock in CLOCKS:
            known += [f"{day}{joint}{clock}" for joint in ((" ", ", ", "T") if clock else ("",))]
    return [one for one in known if _parses(texts[0], one)]


def _parses(text: str, given: str) -> bool:
    try:
        datetime.strptime(text, given)  # noqa: DTZ007  # whether it fits is all that is asked
    except ValueError:
        return False
    return True


def _is_between(text: str, low: float, high: float) -> bool:
    try:
        return low <= float(text) < high
    except ValueError:
        return False


def _number_settings(texts: Sequence[str]) -> list[tuple[str, Any, str]] | None:
    """Settings that read all these texts as numbers, each with its reason; None: none does."""
    if all(DURATION.fullmatch(text) for text in texts):
        return [("value_format", "duration", f"clocks, such as {_shown(texts)}")]
    taken: list[tuple[str, Any, str]] = []
    signs = {
        sign
        for text in texts
        if (found := SIGN.match(text.strip()))
        for sign in found.groups()
        if sign
    }
    bare = [
        re.sub("|".join(map(re.escape, signs)), "", text).strip() if signs else text.strip()
        for text in texts
    ]
    if signs:
        taken.append(("currency_signs", sorted(signs), f"beside amounts, such as {_shown(texts)}"))
    if all(_is_between(text, -1e300, 1e300) for text in bare):
        return taken
    decimals = [text for text in bare if "," in text]
    if decimals and all(GERMAN.fullmatch(text) or re.fullmatch(r"-?[\d.]+", text) for text in bare):
        grouped = any(re.search(r"\d\.\d{3},", text) for text in bare)
        if grouped or any(not re.fullmatch(r"-?\d{1,3},\d{3}", text) for text in decimals):
            taken.append(("decimal", ",", f"such as {_shown(decimals)}"))
            if any("." in text for text in bare):
                taken.append(("thousands", ".", f"such as {_shown([t for t in bare if '.' in t])}"))
            return taken
    if all(re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d+(\.\d+)?", text) for text in bare):
        return [*taken, ("thousands", ",", f"such as {_shown(decimals)}")]
    return None


def _sniff_id_type(found: Sniffed, role: str, texts: Sequence[str]) -> None:
    if texts and all(ID.fullmatch(text) for text in texts):
        found.take(f"{role}_type", "integer", "whole numbers without zeros before them")


def _sniff_items(found: Sniffed, free: list[str], texts: Mapping[str, list[str]]) -> bool:
    """Take a file without times for an item table, where it has ids and titles."""
    ids = [
        name
        for name in _by_name(free, ROLES["item_id"])
        if len(set(texts[name])) == len(found.values[name])
    ]
    titles = [name for name in _by_name(free, TITLES) if name not in ids[:1]]
    if not ids or _by_name(free, ROLES["user_id"]):
        return False
    found.take(
        "item_id", ids[0], f"by its name, and different in each record: {_shown(texts[ids[0]])}"
    )
    if titles:
        found.take("title", titles[0], f"by its name; values such as {_shown(texts[titles[0]])}")
    for name in _by_name(free, ITEM_ROLES["categories"])[:1]:
        found.take("categories", name, f"by its name; values such as {_shown(texts[name])}")
        if any(text.lstrip().startswith("[") for text in texts[name]):
            found.take("categories_format", "json", "values in brackets")
            continue
        separators = [sign for sign in "|;," if any(sign in text for text in texts[name])]
        if separators and separators[0] != "|":
            found.take("category_separator", separators[0], f"such as {_shown(texts[name])}")
    return True


def _shown(texts: Sequence[str]) -> str:
    return ", ".join(repr(text[:40]) for text in list(dict.fromkeys(texts))[:SHOWN_VALUES])

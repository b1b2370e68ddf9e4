"""One description of files from outside, for every log, table and list: how their bytes are
divided into records and columns, what their values mean, and which records count.

Nothing is guessed when files are read: what is not set has the meaning that stands here.
"""

import codecs
import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.section import Section
from ntg_assets.local_days import is_zone

FileFormat = Literal["auto", "csv", "json", "ndjson", "parquet"]
TimestampUnit = Literal[
    "iso", "seconds", "milliseconds", "microseconds", "nanoseconds", "excel_days"
]
DurationUnit = Literal["milliseconds", "seconds", "minutes", "hours"]
NULL_SPELLINGS = ("NULL", "null", "Null", "~")  # what YAML reads as nothing
LONGEST_DELIMITER = 4  # bytes, of the reader
MARK = re.compile(r"%-?.")  # a directive of strftime
KNOWN_MARKS = frozenset("aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%")


def as_delimiter(given: object) -> object:
    """Refuse what cannot stand between two fields,
    above all the two characters that single quotes make of a tab.
    """
    if not isinstance(given, str):
        return given
    if given.startswith("\\") and len(given) > 1:
        what = "a tab" if given == r"\t" else given
        raise ValueError(f'found {given!r}; in YAML {what} is "{given}" in double quotes')
    if not given or len(given.encode()) > LONGEST_DELIMITER:
        raise ValueError(f"must be one to {LONGEST_DELIMITER} characters, found {given!r}")
    if set(given) & {'"', "\n", "\r"}:
        raise ValueError(
            f"{given!r} ends fields or lines in CSV; give the character between the fields"
        )
    return given


def as_word(given: object) -> object:
    """Take what YAML reads as a number for the text that was written; refuse what is no text."""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        return "nan" if given != given else f"{given:g}"  # noqa: PLR0124  # only NaN is not itself
    return given


def as_words(given: object) -> object:
    """Take one word for a list of one; what YAML reads as nothing stands for its spellings."""
    listed = [given] if isinstance(given, str | int | float) or given is None else given
    if not isinstance(listed, list):
        return listed
    words: list[object] = []
    for word in listed:
        words += NULL_SPELLINGS if word is None else [as_word(word)]
    return list(dict.fromkeys(words))


def as_list(given: object) -> object:
    """Take one text for a list of one."""
    return [given] if isinstance(given, str) else given


def as_files(given: object) -> object:
    """Take a path for the description of a file whose only setting it is."""
    return {"files": [given]} if isinstance(given, str) else given


def require_time_format(given: str) -> str:
    """Refuse a format that no reader of times knows."""
    marks = MARK.findall(given)
    unknown = [mark for mark in marks if mark[-1] not in KNOWN_MARKS]
    if unknown:
        raise ValueError(
            f"{given!r} holds {unknown[0]!r}, which no time format knows; write for example"
            " '%d.%m.%Y %H:%M' (see docs/sources.md)"
        )
    if not any(mark[-1] in "yYcxG" for mark in marks):
        raise ValueError(
            f"{given!r} names no year; write a format such as '%d.%m.%Y %H:%M' (see"
            " docs/sources.md)"
        )
    return given


Delimiter = Annotated[str, BeforeValidator(as_delimiter)]
Words = Annotated[list[str], BeforeValidator(as_words)]
OneCharacter = Annotated[str, Field(min_length=1, max_length=1)]
TimeFormat = Annotated[str, Field(min_length=1)]


class ColumnFrom(Section):
    """A column that is not simply a column of the files: exactly one of `column` (with a
    `default`), `file_name`, `folder` or `constant`.
    """

    column: str | None = None
    """Column of the files, for which `default` stands in files that lack it:
    `{column: rating, default: "3"}`.
    """
    default: Annotated[str | None, BeforeValidator(as_word)] = None
    """Text that stands in every record of a file that has no such column."""
    file_name: str | None = None
    r"""Pattern (a regular expression) of the whole file name; its group is the value:
    `{file_name: '(.*)\.json'}`.
    """
    folder: str | None = None
    """Pattern of the whole name of the folder that the file lies in; its group is the value:
    `{folder: 'user-(.*)'}`. Folders `key=value` are columns by themselves.
    """
    constant: Annotated[str | None, BeforeValidator(as_word)] = None
    """The same text for every record: `{constant: me}`."""

    @model_validator(mode="after")
    def _is_one(self) -> "ColumnFrom":
        given = [
            name
            for name in ("column", "file_name", "folder", "constant")
            if getattr(self, name) is not None
        ]
        if len(given) != 1:
            raise ValueError(
                "must hold exactly one of column, file_name, folder and constant, found"
                f" {' and '.join(given) or 'none'}"
            )
        if self.default is not None and self.column is None:
            raise ValueError("default belongs to column: name the column that some files lack")
        return self

    @field_validator("file_name", "folder")
    @classmethod
    def _has_one_group(cls, pattern: str | None) -> str | None:
        if pattern is None:
            return None
        try:
            n_groups = re.compile(pattern).groups
        except re.error as error:
            raise ValueError(f"is no regular expression ({error})") from None
        if n_groups != 1:
            raise ValueError(
                "must hold exactly one group in parentheses, which is the value, such as"
                rf" '(.*)\.json' (this one has {n_groups})"
            )
        return pattern

    @property
    def name(self) -> str:
        """How the column is called: its own name, or where it comes from."""
        if self.column is not None:
            return self.column
        if self.constant is not None:
            return f"constant {self.constant}"
        return (
            f"file name {self.file_name}" if self.file_name is not None else f"folder {self.folder}"
        )

    def value_of(self, *, file_name: str, folder: str) -> str | None:
        """Text that a file's place gives; none where the pattern does not fit."""
        if self.constant is not None:
            return self.constant
        given, pattern = (
            (file_name, self.file_name) if self.file_name is not None else (folder, self.folder)
        )
        found = re.fullmatch(pattern, given) if pattern is not None else None
        return found.group(1) if found else None


ColumnName = str | ColumnFrom


def column_name(given: ColumnName) -> str:
    """Name of a configured column among those of the files."""
    return given if isinstance(given, str) else given.name


class FileSource(Section):
    """Files, how they are divided into records, and which records count."""

    files: Annotated[list[str], BeforeValidator(as_list)] = Field(min_length=1)
    """Paths or globs, relative to the project folder. CSV, JSON (an array, or one object a line)
    or Parquet, plain, gzip or zstd, known by their first bytes; `key=value` folders are columns.
    """
    format: FileFormat = "auto"
    """What the files are, where their first bytes leave a doubt."""
    delimiter: Delimiter = ","
    r"""What stands between the fields of a CSV line: `";"`, `"\t"`, `"::"`."""
    quote: OneCharacter | None = '"'
    """Character around fields that hold the delimiter; null: none, quotes are text."""
    escape: OneCharacter | None = None
    r"""Character before a quote inside a quoted field, such as `"\\"`; null: it is doubled."""
    comment: OneCharacter | None = None
    """Lines that begin with it are no records, such as `"#"`; null: there are none."""
    skip_lines: int = Field(default=0, ge=0)
    """Lines before the header (or the first record), such as a title or a `sep=` line."""
    columns: list[str] | None = Field(default=None, min_length=1)
    """Names of the columns of CSV files without a header, in order:
    `[user_id, item_id, rating, ts]`; null: the first line is the header.
    """
    encoding: str = "utf-8"
    """How the text is written: `utf-8`, `cp1252` (Windows), `latin-1`, `utf-16`."""
    records: str | None = None
    """Where the array of records lies in a JSON document: `data.plays`; null: it is the document.
    Columns of JSON are keys, dotted where they lie deeper: `track.artist.name`, `tags.0`.
    """
    null_words: Words = Field(default_factory=list)
    r"""Texts that mean "empty" in every mapped column: `["NULL", "\\N", "n/a"]`."""
    keep: dict[str, Words] = Field(default_factory=dict)
    """Only records with one of these texts in the column count: `{page: [NextSong]}`. The others
    are skipped: counted under their own reason, and not bad. `""` means empty.
    """
    skip_when_empty: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    """Records in which one of these columns is empty are skipped likewise:
    `[user_id, item_id]`. (Columns by their name here, or as the files call them; so in `keep`.)
    """
    require_manifest: bool = False
    """Whether each file must be named, with its SHA-256, by `<file>.sha256` or by the
    `_MANIFEST.json` of its folder. Where one names it, it is held against it in any case.
    """

    @field_validator("encoding")
    @classmethod
    def _is_encoding(cls, name: str) -> str:
        try:
            codec = codecs.lookup(name)
        except LookupError:
            raise ValueError(
                "is no known encoding; write utf-8, cp1252, latin-1 or utf-16"
            ) from None
        if not getattr(codec, "_is_text_encoding", True):
            raise ValueError("is no encoding of text; write utf-8, cp1252, latin-1 or utf-16")
        return codec.name

    @field_validator("columns")
    @classmethod
    def _columns_are_different(cls, names: list[str] | None) -> list[str] | None:
        if names and len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"names {twice!r} twice; columns need different names")
        return names

    def mapped(self, keys: tuple[str, ...]) -> Mapping[str, ColumnName]:
        """The settings among these that name a column, with what they name."""
        return {key: given for key in keys if (given := getattr(self, key))}


class TimeOptions(Section):
    """What the texts and numbers of a column of times mean."""

    timestamp_unit: TimestampUnit = "iso"
    """`iso` for dates and timestamps as text (or Parquet timestamps),
    else the unit of an epoch number; `excel_days`: serial days of a spreadsheet (45296.5).
    """
    timestamp_format: Annotated[list[TimeFormat], BeforeValidator(as_list)] = Field(
        default_factory=list
    )
    """How times are written where they are not ISO, one format or several, tried in order:
    `"%d.%m.%Y %H:%M"`, `"%m/%d/%Y"`, `"%b %d, %Y, %I:%M %p"`; `%z` is an offset (also `Z`), `%Z` a
    zone's name. What fits none is quarantined; an order of day and month is never guessed.
    """
    timezone: str = "UTC"
    """Zone of timestamps that carry none (IANA name). Times that its clocks jump over are
    quarantined; of those that they show twice the later one (standard time) is meant, and counted.
    """

    @field_validator("timestamp_format")
    @classmethod
    def _are_formats(cls, formats: list[str]) -> list[str]:
        return [require_time_format(one) for one in formats]

    @field_validator("timezone")
    @classmethod
    def _is_known_zone(cls, name: str) -> str:
        if not is_zone(name):
            raise ValueError("is no IANA time zone; give a name such as 'Europe/Paris' or 'UTC'")
        return name

    @model_validator(mode="after")
    def _format_or_unit(self) -> "TimeOptions":
        if self.timestamp_format and self.timestamp_unit != "iso":
            raise ValueError(
                f"timestamp_format is for times as text, timestamp_unit: {self.timestamp_unit} for"
                " epoch numbers; set one of them"
            )
        return self


class NumberOptions(Section):
    """What the texts of a column of numbers mean."""

    decimal: Literal[".", ","] = "."
    """Decimal sign: `","` reads `3,50` as 3.5."""
    thousands: Literal[",", ".", " ", "'", "_"] | None = None
    """Sign between groups of three digits: `"."` with `decimal: ","` reads `1.234,50` as 1234.5;
    null: none is allowed.
    """
    currency_signs: Words = Field(default_factory=list)
    """Texts before or after an amount that are left out: `["$", "EUR"]`."""
    accounting_negatives: bool = False
    """Whether `(12.50)` and `12.50-` are minus 12.5."""

    @model_validator(mode="after")
    def _signs_differ(self) -> "NumberOptions":
        if self.decimal == self.thousands:
            raise ValueError(
                f"decimal and thousands are both {self.decimal!r}; a number would have two meanings"
            )
        return self

    @property
    def are_plain(self) -> bool:
        """Whether numbers are written as programs write them."""
        return not (
            self.decimal != "."
            or self.thousands
            or self.currency_signs
            or self.accounting_negatives
        )

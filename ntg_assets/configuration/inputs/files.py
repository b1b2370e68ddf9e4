"""One description of files from outside, for every log, table and list: how their bytes are
divided into records and columns, what their values mean, and which records count.

Nothing is guessed when files are read: what is not set has the meaning that stands here.
"""

import codecs
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.spellings import Delimiter, OneCharacter, Words, as_list
from ntg_assets.configuration.section import Section

FileFormat = Literal["auto", "csv", "json", "ndjson", "parquet"]


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
    skip_last_lines: int = Field(default=0, ge=0)
    """Lines at the end of each text file that are no records, such as a total or notes below a
    table (empty lines and comments do not count): skipped, counted under their own reason.
    """
    columns: list[str] | None = Field(default=None, min_length=1)
    """Names of the columns of CSV files without a header, in order:
    `[user_id, item_id, rating, ts]`; null: the first line is the header.
    """
    encoding: str = "utf-8"
    """How the text is written: `utf-8`, `cp1252` (Windows), `latin-1`, `utf-16`."""
    records: str | None = None
    """Where the array of records lies in a JSON document: `data.plays`; null: it is the document.
    Columns of JSON are keys, dotted where they lie deeper: `track.artist.name`, `tags.0`. In every
    format they go on inside of a text that is JSON (`payload.item_id`), entries of key and value
    (`event_params.item_id`), and maps of Parquet.
    """
    explode: Annotated[list[str], BeforeValidator(as_list)] = Field(default_factory=list)
    """Lists inside of records, whose elements are the records: `plays`, dotted
    where they lie deeper (`sessions.plays`, each list on the way likewise). Columns inside are
    called `plays.item`, `plays` is the element itself where it is no object, `plays#` its place
    from 1. `"*"` stands for every key of an object: `profiles.*.history`; its key is the column
    `profiles.*~`. Several lists of one length side by side: `[item_ids, times]`.
    """
    explode_separator: str | None = Field(default=None, min_length=1)
    """Sign between the elements of lists in CSV fields (`a|b|c`), which `explode` names by their
    columns; null: such fields hold JSON (`[1, 2]`).
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

    @field_validator("explode")
    @classmethod
    def _are_paths(cls, paths: list[str]) -> list[str]:
        parts = [path.split(".") for path in paths]
        if any(not part for path in parts for part in path):
            raise ValueError("must be dotted keys without empty ones, such as `sessions.plays`")
        if len({tuple(path[:-1]) for path in parts}) > 1 or len(set(paths)) < len(paths):
            raise ValueError(
                "names several lists, which must be different ones of one object, side by side:"
                " `[item_ids, times]`"
            )
        if len(paths) > 1 and any(path[-1] == "*" for path in parts):
            raise ValueError("names every key with '*' beside a list; give that path alone")
        return paths

    @field_validator("columns")
    @classmethod
    def _columns_are_different(cls, names: list[str] | None) -> list[str] | None:
        if names and len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"names {twice!r} twice; columns need different names")
        return names

    def mapped(self, keys: tuple[str, ...]) -> Mapping[str, ColumnName]:
        """The settings among these that name a column, with what they name."""
        return {key: column for key in keys if (column := getattr(self, key))}

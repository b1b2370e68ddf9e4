"""Ids of lists and of other logs, held against those of the interaction log: which are the same,
and which may be.

*The same* is what the log itself takes for the same: a text as it is written, or the same whole
number (` 7 `, `007`, `+7`, and the `7.0` that a library without nullable integers writes, are user
7). *Nearly the same* are ids that differ only in what people cannot see or a program added on the
way: spaces of any kind, zero-width characters and byte order marks, the form of the characters
(NFKC), upper and lower case, quotes around the id (and the `="007"` of spreadsheets), a `.0` behind
it, zeros or a plus before it, signs between its thousands, the hyphens of a UUID. What is nearly
the same is never merged where something is measured; who is
nearly on a list of people who must not be contacted is not contacted.
"""

from typing import NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.events import IdType
from ntg_assets.sources.values.columns import (
    FRACTIONS,
    INTEGERS,
    LARGEST_EXACT_INTEGER,
    TEXTS,
    Column,
    unusable,
)

WHOLE_NUMBER = r"^[ \t\r\n\f\v]*\+?(-?[0-9]+)(?:\.0*)?[ \t\r\n\f\v]*$"
# or without ink
UNSEEN = (
    r"[\p{C}\p{Z}\s\u{034F}\u{115F}\u{1160}\u{17B4}\u{17B5}"
    r"\u{180B}-\u{180F}\u{3164}\u{FE00}-\u{FE0F}\u{FFA0}]"
)
QUOTES = "\"'`{}\u00b4\u2018\u2019\u201c\u201d\u00ab\u00bb"
BLANKS = "' ' || chr(9) || chr(10) || chr(13)"  # what an id may not consist of alone, in SQL
KEY = pl.col("key")
SCIENTIFIC = r"^-?[0-9]+(?:\.[0-9]+)?e\+?[0-9]+$"
UUID = r"^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$"
FORMULA = r"^=(\".*\")$"  # how a spreadsheet is kept from reading an id as a number
GROUPED = r"^[+-]?[1-9][0-9]{0,2}([.,'\u2019][0-9]{3})+$"  # the thousands of a spreadsheet
REWRITTEN = (  # in this order
    (r"^([+-]?[0-9]+)\.0*$", "${1}"),
    (r"^\+", ""),
    (r"^(-?)0+([0-9\p{L}])", "${1}${2}"),
    (UUID, "${1}${2}${3}${4}${5}"),
)


class IdMatch(NamedTuple):
    """How the ids of a list meet those of the log.

    Attributes:
        pairs: `known_id`, `listed_id` (as the list writes it), `is_exact`: every id of the log with
            every id of the list that names it; by id of the log, the same ones before those that
            are nearly the same.
        n_ids: Different ids of the list, as they are written.
        n_found: Those that are an id of the log.
        n_near: Those that are none, but nearly one.
    """

    pairs: pl.DataFrame
    n_ids: int
    n_found: int
    n_near: int

    @property
    def n_not_found(self) -> int:
        return self.n_ids - self.n_found - self.n_near

    @property
    def n_known(self) -> int:
        """Ids of the log that the list names."""
        return self.pairs["known_id"].n_unique()

    @property
    def only_near(self) -> pl.DataFrame:
        """The pairs of those that it names only nearly."""
        return self.pairs.filter(~pl.col("is_exact").any().over("known_id"))

    @property
    def n_known_nearly(self) -> int:
        """How many it names only nearly."""
        return self.only_near["known_id"].n_unique()


def as_listed_id(column: Column) -> str:
    """SQL of an id as text, as the file has it;
    null where there is none. Whole floats are whole numbers, whatever library wrote them.
    """
    if column.family in FRACTIONS:
        whole = (
            f"{column.expression} = floor({column.expression}) and abs({column.expression}) <="
            f" {LARGEST_EXACT_INTEGER}"
        )
        number = f"cast(try_cast({column.expression} as bigint) as varchar)"
        fraction = (
            f"case when not isnan(cast({column.expression} as double)) then"
            f" cast({column.expression} as varchar) end"
        )
        return f"case when {whole} then {number} else {fraction} end"
    if column.family not in TEXTS | INTEGERS:
        raise unusable(column, "ids", "Write ids as text or whole numbers, or map another column")
    text = f"cast({column.expression} as varchar)"
    return f"case when trim({text}, {BLANKS}) <> '' then {text} end"


def as_log_id(text: pl.Expr, id_type: IdType) -> pl.Expr:
    """Write an id as the log does, as text; null where the log could not hold it."""
    if id_type == "string":
        return text
    return text.str.extract(WHOLE_NUMBER, 1).cast(pl.Int64, strict=False).cast(pl.String)


def as_log_id_or_written(text: pl.Expr, id_type: IdType) -> pl.Expr:
    """Write an id as the log does; what the log could not hold stays as it is,
    to be counted as unknown.
    """
    return pl.coalesce(as_log_id(text, id_type), text)


def near_keys(texts: pl.Series) -> pl.Series:
    """What ids that may be the same have in common (see the head of this file);
    null where nothing is left.
    """
    keys = texts.to_frame("key").select(
        KEY.str.normalize("NFKC")
        .str.replace_all(UNSEEN, "")
        .str.replace(FORMULA, "${1}")
        .str.strip_chars(QUOTES)
        .str.to_lowercase()
    )
    is_grouped = KEY.str.contains(GROUPED) & ~KEY.str.contains(r"\.0+$")
    without_signs = KEY.str.replace_all(r"[.,'\u2019]", "")
    keys = keys.select(pl.when(is_grouped).then(without_signs).otherwise(KEY).alias("key"))
    keys = keys.select(_plain_digits(KEY).alias("key"))
    for pattern, written in REWRITTEN:
        keys = keys.select(KEY.str.replace(pattern, written))
    return keys.select(pl.when(KEY != "").then(KEY))["key"]


def _plain_digits(text: pl.Expr) -> pl.Expr:
    """Whole numbers in powers of ten (`1.5e3`) digit by digit; other texts as they are."""
    number = text.cast(pl.Float64, strict=False)
    is_whole = (
        text.str.contains(SCIENTIFIC)
        & (number == number.floor())
        & (number.abs() <= LARGEST_EXACT_INTEGER)
    )
    whole = number.fill_nan(None).cast(pl.Int64, strict=False).cast(pl.String)
    return pl.when(is_whole).then(whole).otherwise(text)


class KnownIds:
    """Different ids of the log, made ready to be looked up again and again;
    their type says how the log compares them.
    """

    def __init__(self, ids: pl.Series) -> None:
        self.id_type: IdType = "integer" if ids.dtype.is_integer() else "string"
        rows = (
            ids.alias("known_id").to_frame().with_columns(text=pl.col("known_id").cast(pl.String))
        )
        self.rows = rows.with_columns(
            rows["text"].alias("key") if self.id_type == "integer" else near_keys(rows["text"])
        )


def match_ids(listed: pl.Series, known: KnownIds) -> IdMatch:
    """Find the ids of a list among those of the log.

    Args:
        listed: Ids of the list as text, as they are written; repeated ones count once, nulls not at
        all.
        known: Ids of the log.
    """
    ids = listed.alias("listed_id").drop_nulls().unique().sort().to_frame()
    ids = ids.with_columns(
        near_keys(ids["listed_id"]), text=as_log_id(pl.col("listed_id"), known.id_type)
    )
    exact = known.rows.join(ids.drop("key"), on="text").select(
        "known_id", "listed_id", is_exact=pl.lit(value=True)
    )
    near = known.rows.join(ids.drop("text"), on="key").select(
        "known_id", "listed_id", is_exact=pl.lit(value=False)
    )
    exactly, nearly = exact["listed_id"].unique(), near["listed_id"].unique()
    both = pl.concat([exact, near]).sort(
        "known_id", "is_exact", "listed_id", descending=[False, True, False]
    )
    pairs = both.unique(["known_id", "listed_id"], keep="first", maintain_order=True)
    n_near = nearly.len() - nearly.is_in(exactly.implode()).sum()
    return IdMatch(pairs, ids.height, exactly.len(), int(n_near))

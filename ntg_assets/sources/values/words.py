"""Configured words among the texts of a column: an arm, a status, what says that somebody agreed.

A text means the word that it is. Where it is none, it means the one that it is written like: upper
and lower case, blanks around it, the `.0` of a library without nullable integers, and the words for
true and false in the languages of spreadsheets are the same. Where two words are written alike and
mean different things, neither is taken.
"""

import re
from collections.abc import Collection, Mapping

import polars as pl

from ntg_assets.sources.values.numbers import FALSE_WORDS, TRUE_WORDS

TRUTHS = {
    **dict.fromkeys((*TRUE_WORDS, "1"), "true"),
    **dict.fromkeys((*FALSE_WORDS, "0"), "false"),
}
WHOLE = re.compile(r"([+-]?\d+)\.0*")


def plain_word(text: str) -> str:
    """What texts that are written alike have in common."""
    bare = " ".join(text.split()).casefold()
    whole = WHOLE.fullmatch(bare)
    number = whole[1] if whole else bare
    return TRUTHS.get(number, number)


def meanings(texts: pl.Series, words: Mapping[str, str]) -> pl.Series:
    """What each text means; null where it means nothing.

    Args:
        texts: Texts of a column, as written.
        words: Meaning of each configured word.
    """
    stripped = texts.cast(pl.String).str.strip_chars()
    different = stripped.drop_nulls().unique().to_list()
    read = {text: _meaning(text, words) for text in different}
    named = stripped.replace_strict(read, default=None, return_dtype=pl.String)
    return named.alias(texts.name)


def are_among(texts: pl.Series, words: Collection[str]) -> pl.Series:
    """Whether each text means one of these words; a missing one does not."""
    return meanings(texts, dict.fromkeys(words, "")).is_not_null()


def written_otherwise(texts: pl.Series, meant: pl.Series) -> tuple[int, str | None]:
    """How many texts are not written as the word that they mean, and the first of them.

    Args:
        texts: As written.
        meant: The word that each means, null where it means none.
    """
    rows = pl.DataFrame({"text": texts, "meant": meant})
    others = rows.filter(pl.col("text") != pl.col("meant"))
    if others.is_empty():
        return 0, None
    text, word = others.sort("text", "meant").row(0)
    return others.height, f"{text!r} for {word!r}"


def _meaning(text: str, words: Mapping[str, str]) -> str | None:
    if text in words:
        return words[text]
    plain = plain_word(text)
    alike = {meaning for word, meaning in words.items() if plain_word(word) == plain}
    return alike.pop() if len(alike) == 1 else None

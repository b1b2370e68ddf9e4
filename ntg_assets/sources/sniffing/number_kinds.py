"""How the numbers of a column are written, with the settings that read them; where they could mean
two things, both are offered.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from ntg_assets.sources.sniffing.sniffed import show_texts
from ntg_assets.sources.values.durations import is_duration
from ntg_assets.sources.values.numbers import (
    FALSE_WORDS,
    STARS,
    TRUE_WORDS,
    number_pattern,
    typed,
)
from ntg_assets.sources.values.time_formats import most_others

Setting = tuple[str, Any, str]

LARGEST = 1e300
PROGRAMS = re.compile(r"\s*[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
CORE = re.compile(r"\d(?:[\d.,'_ ]*\d)?")
# what is said beside amounts and is no sign of a currency by its character
WORDS_BESIDE = frozenset(
    {"kr", "kr.", "zł", "Kč", "Ft", "lei", "Fr.", "Rs", "Rs.", "TL", "円", "元", "원", "euro",
     "Euro",
     "руб", "руб.", "р.", "грн", "грн.", "лв", "лв.", "дин.",  # noqa: RUF001  # Cyrillic letters
     "din.", "kn", "Rp", "Rp.", "đ", "บาท", "ر.س", "د.إ", "ج.م", "تومان", "ریال", "रु", "रु.", "R$",
     "Bs", "%"}
)  # fmt: skip
NO_CENTS = re.compile(r"[.,]-+$")  # `12.-`
RATING = re.compile(r"\s*(\d+(?:\.\d+)?)(\s*/\s*(\d+))\s*", re.ASCII)  # `4/5`
ONLY_GROUPS = re.compile(r"[+-]?\d{1,3}(?:[.,]\d{3})*")
WAYS: tuple[tuple[str, str | None], ...] = (
    (".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"),
    (",", "'"),
)  # fmt: skip


class NumberKind(NamedTuple):
    """Settings that read a column of numbers, each with its reason; what a person must choose."""

    settings: list[Setting]
    choices: dict[str, list[Any]]
    notes: list[str]


def is_between(text: str, low: float, high: float) -> bool:
    """Whether a text is a number of a range, as programs write it."""
    return bool(PROGRAMS.fullmatch(text)) and low <= float(text) < high


def are_mostly(texts: Sequence[str], is_one: Callable[[str], bool]) -> bool:
    """Whether texts are of a kind, but for as few as a load takes for bad records."""
    n_others, allowed = 0, most_others(len(texts))
    for text in texts:
        n_others += not is_one(text)
        if n_others > allowed:
            return False
    return bool(texts)


def number_kind(texts: Sequence[str], *, may_be_grouped: bool) -> NumberKind | None:
    """Find the settings that read these texts as numbers; None: none does.

    Args:
        texts: Values of a column, none of them empty.
        may_be_grouped: Whether `1.234` may be a thousand and more: the fields of the file are
            divided by semicolons.
    """
    whole = _other_than_digits(texts)
    if whole is not None:
        return whole
    signs = _scale(texts) or _signs(texts)
    bare = [_without(typed(text), signs) for text in texts]
    settings, notes = _beside(texts, signs)
    if are_mostly(bare, lambda text: bool(re.fullmatch(r"\s*\([^()]*\)\s*", text))):
        return None  # brackets around everything are no numbers
    if any(map(_is_negative_of_accounts, bare)):
        shown = show_texts([text for text in texts if _is_negative_of_accounts(typed(text))])
        settings.append(("accounting_negatives", True, f"such as {shown}"))
        bare = [text.strip("()- ") if _is_negative_of_accounts(text) else text for text in bare]
    ways = _ways(bare, may_be_grouped=may_be_grouped)
    if not ways:
        return None
    if len(ways) > 1:
        return NumberKind(settings, {"decimal": [decimal for decimal, _ in ways]}, notes)
    return NumberKind(settings + _way_settings(ways[0], show_texts(texts)), {}, notes)


def _other_than_digits(texts: Sequence[str]) -> NumberKind | None:
    """How words of yes and no, stars and lengths of time are read; None: they are none of these."""
    words = {*TRUE_WORDS, *FALSE_WORDS}
    is_plain = are_mostly(texts, lambda text: text.strip().lower() in words)
    if is_plain or are_mostly(texts, lambda text: bool(re.fullmatch(STARS, text))):
        return NumberKind([], {}, [])
    if are_mostly(texts, is_duration):
        why = f"lengths of time, such as {show_texts(texts)}"
        return NumberKind([("value_format", "duration", why)], {}, [])
    return None


def _way_settings(way: tuple[str, str | None], shown: str) -> list[Setting]:
    """Settings of the signs before decimals and between thousands, where they are not the usual."""
    decimal, thousands = way
    settings: list[Setting] = []
    if decimal != ".":
        settings.append(("decimal", decimal, f"such as {shown}"))
    if thousands:
        settings.append(("thousands", thousands, f"such as {shown}"))
    return settings


def _scale(texts: Sequence[str]) -> list[str]:
    """What stands behind ratings out of something (`/5` of `4/5`), where it is one for all and none
    is above it.
    """
    ratings = [RATING.fullmatch(text) for text in texts]
    within = [each for each in ratings if each and float(each[1]) <= float(each[3])]
    scales = {rating[2] for rating in within}
    return [*scales] if len(scales) == 1 and all(ratings) else []


def _ways(texts: Sequence[str], *, may_be_grouped: bool) -> list[tuple[str, str | None]]:
    """Signs that read the texts, the simplest first; several where they could mean two things."""
    fitting = [way for way in WAYS if are_mostly(texts, _reads(way))]
    if are_mostly(texts, lambda text: is_between(text, -LARGEST, LARGEST)):
        fitting = [(".", None), *(way for way in fitting if way != (".", None))]
    if not fitting:
        return []
    grouped = [text for text in texts if re.search(r"[.,]\d{3}$", text)]
    first = fitting[0]
    other = next((way for way in fitting if way[1] == first[0]), None)
    is_unsure = other is not None and all(
        ONLY_GROUPS.fullmatch(text) and not re.match(r"[+-]?0\d*[.,]", text) for text in texts
    )
    if other is None or not grouped or not is_unsure:
        return [first]
    if may_be_grouped:
        return [first, other]
    return [first] if first[0] == "." else [other]


def _reads(way: tuple[str, str | None]) -> Callable[[str], bool]:
    pattern = re.compile(number_pattern(*way), re.ASCII)
    return lambda text: bool(pattern.fullmatch(text))


def _beside(texts: Sequence[str], signs: Sequence[str]) -> tuple[list[Setting], list[str]]:
    """Setting and notes of what stands beside amounts."""
    if not signs:
        return [], []
    shown = show_texts([text for text in texts if any(sign in typed(text) for sign in signs)])
    currencies = [sign for sign in signs if not NO_CENTS.fullmatch(sign)]
    notes = (
        [f"amounts of several kinds ({', '.join(currencies)}) stand in one column, and are added"]
        if len(currencies) > 1
        else []
    )
    return [("currency_signs", list(signs), f"beside amounts, such as {shown}")], notes


def _signs(texts: Sequence[str]) -> list[str]:
    """What stands before or after amounts; nothing where one of them is no sign of a currency."""
    signs: dict[str, int] = {}
    for text in dict.fromkeys(typed(text).strip() for text in texts):
        core = CORE.search(text)
        if core is None or PROGRAMS.fullmatch(text):
            continue
        after = text[core.end() :]
        if cents := NO_CENTS.search(after):
            signs[cents.group()] = signs.get(cents.group(), 0) + 1
            after = after[: cents.start()]
        for beside in (text[: core.start()].removesuffix("."), after):
            if (sign := beside.strip("+-() ")) and _is_currency(sign):
                signs[sign] = signs.get(sign, 0) + 1
    return sorted(signs, key=lambda sign: (-len(sign), sign))


def _is_currency(sign: str) -> bool:
    written = html.unescape(sign) if sign.endswith(";") else sign  # `&euro;`
    has_sign = any(unicodedata.category(entry) == "Sc" for entry in written) and len(written) <= 4  # noqa: PLR2004  # HK$ and its kin
    return has_sign or bool(re.fullmatch(r"[A-Z]{3}", sign)) or sign in WORDS_BESIDE


def _without(text: str, signs: Sequence[str]) -> str:
    for sign in signs:
        text = text.replace(sign, "")
    return text.strip()


def _is_negative_of_accounts(text: str) -> bool:
    bare = text.strip()
    return bool(re.fullmatch(r"\([^()]*\d[^()]*\)|[^-].*\d\s*-", bare))

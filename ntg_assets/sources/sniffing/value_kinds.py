"""How the values of a column are written: times and numbers, with the settings that read them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from ntg_assets.sources.sniffing.sniffed import show_texts
from ntg_assets.sources.values.time_formats import find_readings

ISO = re.compile(
    r"\s*\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?\s*"
    r"((Z|z|UTC|GMT|[+-]\d{2}(:?\d{2})?)(\[[A-Za-z0-9_/+-]+\])?)?)?\s*"
)
EPOCHS = (
    ("excel_days", 36_526, 60_000),  # from 2000 to 2064
    ("seconds", 1e8, 1e10),
    ("milliseconds", 1e11, 1e13),
    ("microseconds", 1e14, 1e16),
    ("nanoseconds", 1e17, 1e19),
)
RECENT_SECONDS = 631_152_000, 2_051_222_400  # in a file without names nothing else says so
UNSURE_UNITS = {"excel_days", "seconds"}  # also the size of ids and of amounts
OTHERS_SHARE = 0.01
LARGEST = 1e300
LIKE_TIME = re.compile(
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d|\d:\d\d|(19|20)\d{6}|[A-Za-z]{3,9}\.? \d{1,2}|\d [A-Za-z]{3}"
)
DURATION = re.compile(r"\s*-?(\d+:)?\d{1,4}:\d{2}([.,]\d+)?\s*|\s*P(\d+D)?T(\d+[HMS])+\s*")
GERMAN = re.compile(r"-?(\d{1,3}(\.\d{3})+|\d+),\d+")
SIGN = re.compile(r"^([^\d\s.,+()-]{1,3})?\s*[\d.,' ()+-]+\s*([^\d\s.,+()-]{1,3})?$")


def time_settings(
    texts: Sequence[str], *, is_named: bool, has_names: bool = True
) -> tuple[dict[str, Any], str, list[Any]] | None:
    """Settings that read these texts as times, why, and the choices where several do."""
    if _are(texts, lambda text: bool(ISO.fullmatch(text))):
        return {}, f"ISO, such as {show_texts(texts)}", []
    if not has_names and _are(texts, lambda text: is_between(text, *RECENT_SECONDS)):
        return {"timestamp_unit": "seconds"}, f"seconds of 1990 to 2035, such as {texts[0]}", []
    if is_named or len(texts) > 1:
        for unit, low, high in EPOCHS:
            if _are(texts, lambda text, low=low, high=high: is_between(text, low, high)) and (  # type: ignore[misc]
                is_named or unit not in UNSURE_UNITS
            ):
                return {"timestamp_unit": unit}, f"{unit} by their size, such as {texts[0]}", []
    is_like = is_named or _are(texts, lambda text: bool(LIKE_TIME.search(text)))
    readings = find_readings(texts) if is_like else []
    if not readings:
        return None
    if len(readings) > 1:
        choices: list[Any] = [_one_or_all(one.formats) for one in readings]
        shown = " and ".join(" with ".join(one.formats) for one in readings)
        return {}, f"fits {shown}: day and month cannot be told apart", choices
    formats, n_fitting = readings[0]
    told = f"{' or '.join(formats)} fits {n_fitting:,} of {len(texts):,}"
    return {"timestamp_format": _one_or_all(formats)}, told, []


def _one_or_all(formats: tuple[str, ...]) -> str | list[str]:
    return formats[0] if len(formats) == 1 else list(formats)


def _are(texts: Sequence[str], is_one: Callable[[str], bool]) -> bool:
    """Whether texts are of a kind, but for as few as a load takes for bad records."""
    n_others = 0
    for text in texts:
        n_others += not is_one(text)
        if n_others > OTHERS_SHARE * len(texts):
            return False
    return bool(texts)


def is_between(text: str, low: float, high: float) -> bool:
    """Whether a text is a number of a range."""
    try:
        return low <= float(text) < high
    except ValueError:
        return False


def number_settings(texts: Sequence[str]) -> list[tuple[str, Any, str]] | None:
    """Settings that read all these texts as numbers, each with its reason; None: none does."""
    if all(DURATION.fullmatch(text) for text in texts):
        return [("value_format", "duration", f"clocks, such as {show_texts(texts)}")]
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
        taken.append(
            ("currency_signs", sorted(signs), f"beside amounts, such as {show_texts(texts)}")
        )
    if all(is_between(text, -LARGEST, LARGEST) for text in bare):
        return taken
    decimals = [text for text in bare if "," in text]
    if decimals and all(GERMAN.fullmatch(text) or re.fullmatch(r"-?[\d.]+", text) for text in bare):
        grouped = any(re.search(r"\d\.\d{3},", text) for text in bare)
        if grouped or any(not re.fullmatch(r"-?\d{1,3},\d{3}", text) for text in decimals):
            taken.append(("decimal", ",", f"such as {show_texts(decimals)}"))
            if any("." in text for text in bare):
                taken.append(
                    ("thousands", ".", f"such as {show_texts([t for t in bare if '.' in t])}")
                )
            return taken
    if all(re.fullmatch(r"-?\d{1,3}(,\d{3})*(\.\d+)?|-?\d+(\.\d+)?", text) for text in bare):
        return [*taken, ("thousands", ",", f"such as {show_texts(decimals)}")]
    return None

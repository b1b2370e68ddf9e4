"""What reads texts that were refused: the setting that is certain, else what to choose from."""

from collections.abc import Iterable, Sequence
from typing import Any

from ntg_assets.sources.sniffing.null_words import null_words_in
from ntg_assets.sources.sniffing.number_kinds import NumberKind, are_mostly, number_kind
from ntg_assets.sources.sniffing.time_kinds import ISO, time_settings

LOOKED_AT = 1_000  # different texts
PLAIN = "0"
FILL_IN = "Fill them in, or leave such rows out with `skip_when_empty`."
NO_SUCH_DAY = "Mend them: they are written in ISO, but there is no such day or time."


def advise_times(texts: Iterable[str | None]) -> str:
    """Say which settings read these texts as times."""
    written, words = _apart(texts)
    if not written and not words:
        return FILL_IN
    if not words and are_mostly(written, lambda text: bool(ISO.fullmatch(text))):
        return NO_SUCH_DAY
    parts = _null_words(words)
    told = time_settings(written, is_named=True) if written else None
    settings, choices = (told[0], told[2]) if told else ({}, [])
    parts += _set(settings)
    if choices:
        shown = " or ".join(_in_yaml(choice) for choice in choices)
        parts.append(f"`timestamp_format` to what they mean ({shown})")
    if not parts:
        return "Write ISO days or times, or set `timestamp_format` or `timestamp_unit`."
    return f"Set {' and '.join(parts)}."


def advise_numbers(texts: Iterable[str | None]) -> str:
    """Say which settings read these texts as numbers."""
    written, words = _apart(texts)
    if not written and not words:
        return FILL_IN
    parts = _null_words(words)
    kind = _kind_of_some(written)
    settings = {key: value for key, value, _ in kind.settings} if kind else {}
    if "%" in settings.get("currency_signs", []):
        return "Write percentages as shares, without a sign (0.05 for 5%)."
    parts += _set({key: value for key, value in settings.items() if key != "value_format"})
    if kind and kind.choices:
        signs = " or ".join(map(_in_yaml, kind.choices["decimal"]))
        parts.append(f"`decimal` to the sign that stands before their decimals ({signs})")
    if not parts:
        return (
            "Write numbers as programs do, or set `decimal`, `thousands`, `currency_signs`,"
            " `accounting_negatives`."
        )
    return f"Set {' and '.join(parts)}."


def _kind_of_some(texts: Sequence[str]) -> NumberKind | None:
    """How texts are read that stand beside plain numbers, which alone could mean two things."""
    kind = number_kind(texts, may_be_grouped=True) if texts else None
    if kind is None and texts:
        return number_kind([*texts, PLAIN], may_be_grouped=True)
    return kind


def like_null(texts: Iterable[str | None]) -> list[str]:
    """Different texts that stand for "empty", in order."""
    return sorted(null_words_in(texts))


def _apart(texts: Iterable[str | None]) -> tuple[list[str], list[str]]:
    """The texts that hold something, and the words for "empty" among them."""
    different = list(dict.fromkeys(text.strip() for text in texts if text and text.strip()))
    words = like_null(different)
    return [text for text in different if text not in words][:LOOKED_AT], words


def _null_words(words: Sequence[str]) -> list[str]:
    return [f"`null_words: {_in_yaml(list(words))}` if they mean empty"] if words else []


def _set(settings: dict[str, Any]) -> list[str]:
    return [f"`{key}: {_in_yaml(value)}`" for key, value in settings.items()]


def _in_yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_in_yaml, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.isidentifier() else f'"{text}"'

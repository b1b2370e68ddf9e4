"""Of which type the ids of users and items are, and which of them name nobody."""

import re
from collections.abc import Sequence

from ntg_assets.sources.sniffing.null_words import NULL_WORDS, ask_of_gaps
from ntg_assets.sources.sniffing.sniffed import Sniffed

ID = re.compile(r"0|[1-9]\d{0,17}")
FLOAT_ID, IN_POWERS = re.compile(r"(0|[1-9]\d{0,15})\.0+"), re.compile(r"\d([.,]\d+)?[eE]\+\d+")


def sniff_ids(sniffed: Sniffed, role: str, texts: Sequence[str]) -> None:
    """Say of which type the ids of a role are, and ask what those that name nobody mean."""
    _sniff_id_type(sniffed, role, texts)
    _sniff_no_one(sniffed, role)
    ask_of_gaps(sniffed, sniffed.settings[role])


def _sniff_no_one(sniffed: Sniffed, role: str) -> None:
    """Ask about the words for "none" among ids: each would be a user or an item of its own."""
    values = sniffed.values[sniffed.settings[role]]
    words = {text.strip() for text in values if text.strip().lower() in NULL_WORDS}
    if words:
        sniffed.open["no_user" if role == "user_id" else "no_item"] = [sorted(words)]


def _sniff_id_type(sniffed: Sniffed, role: str, texts: Sequence[str]) -> None:
    if texts and all(ID.fullmatch(text) for text in texts):
        sniffed.take(f"{role}_type", "integer", "whole numbers without zeros before them")
    elif texts and all(FLOAT_ID.fullmatch(text) for text in texts):
        sniffed.take(
            f"{role}_type", "integer", f"whole numbers as a library wrote them: {texts[0]}"
        )
    elif cut := [text for text in texts if IN_POWERS.fullmatch(text.strip())]:
        sniffed.notes.append(
            f"{len(cut):,} ids of {sniffed.settings[role]!r} are in powers of ten ({cut[0]!r}): a"
            " spreadsheet has cut their digits, and different ids look alike. Export them as text"
        )

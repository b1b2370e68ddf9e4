"""Words that stand where a value is missing."""

from ntg_assets.sources.sniffing.sniffed import Sniffed

NULL_WORDS = frozenset(
    {"null", "\\n", "nan", "none", "n/a", "na", "#n/a", "<na>", "nil", "nat", "-", "--", "?"}
)


def sniff_null_words(sniffed: Sniffed, name: str) -> None:
    """Propose the words for "empty" that stand among the numbers or times of a column."""
    words = {text.strip() for text in sniffed.values[name] if text.strip().lower() in NULL_WORDS}
    if words:
        existing = set(sniffed.settings.get("null_words", [])) | words
        sniffed.take("null_words", sorted(existing), f"among the values of {name!r}")

"""When bad rows are too many to be bad rows: then the file or the mapping is wrong,
and nothing is loaded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import polars as pl

from ntg_assets.errors import SourceError
from ntg_assets.sources.accounting.quarantine import BadRow
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.files.source_files import SourceFile

SHOWN_EXAMPLES = 3
SHOWN_CHARACTERS = 80
# a file of which more than half cannot be used was written by something else
WRONG_FILE_SHARE = 0.5
WRONG_FILE_ROWS = 100  # in a smaller file the share says little
ADVICE = {  # beginning of a reason, and what reads such values
    "is no ISO timestamp": "set `timestamp_format` or `timestamp_unit`",
    "is no number": (
        "set `decimal`, `thousands`, `currency_signs`, `null_words` or `value_format: duration`"
    ),
    "is empty": "`skip_when_empty` leaves such records out, `value_if_empty` says what they mean",
    "is no whole number": "set the id type to string, or name words for none in `no_user`",
    "has too": (
        "set `delimiter` or `quote`, `skip_last_lines` for notes below a table, or mend the lines"
    ),
    "has a quote": "set `quote: null` where quotes are text, or `escape`",
}
CLOCK_REASONS = ("is before earliest_event", "is at or after latest_event")


@dataclass(frozen=True)
class Breach:
    """Too many bad rows: in which files, how many, against which rule."""

    label: str
    files: tuple[int, ...]
    n_rows: int
    n_bad: int
    rule: str


def find_breach(
    counts: Mapping[int, FileCounts],
    files: Sequence[SourceFile],
    *,
    source: str,
    max_bad_share: float,
) -> Breach | None:
    """Tell whether a source as a whole, or one of its files, has too many bad rows.

    Args:
        counts: By file number.
        files: Files of the source.
        source: Its name in messages.
        max_bad_share: Share of all rows (0-1) that may be bad.
    """
    n_rows = sum(file.n_rows for file in counts.values())
    n_bad = sum(file.n_bad for file in counts.values())
    if n_bad > max_bad_share * n_rows:
        rule = (
            f"more than ingest.max_bad_share = {max_bad_share:g} allows"
            f" ({int(max_bad_share * n_rows):,})"
        )
        return Breach(source, tuple(counts), n_rows, n_bad, rule)
    for file in files:
        result = counts.get(file.number)
        if result and _is_mostly_bad(result):
            rule = "most of the file, so it is not the file it should be"
            return Breach(file.name, (file.number,), result.n_rows, result.n_bad, rule)
    return None


def _is_mostly_bad(counts: FileCounts) -> bool:
    is_telling = counts.n_rows >= WRONG_FILE_ROWS
    return is_telling and counts.n_bad > WRONG_FILE_SHARE * counts.n_rows


def raise_too_many(
    breach: Breach,
    *,
    reasons: pl.DataFrame,
    examples: Sequence[BadRow],
    files: Sequence[SourceFile],
    advice: Mapping[str, str] | None = None,
) -> NoReturn:
    """Raise with count, share, rule, reasons, first examples and what to do.

    Args:
        breach: What was found.
        reasons: column_name (of the source), reason, n_rows.
        examples: Some bad rows.
        files: Files of the source.
        advice: By reason, what reads the values that were refused for it.

    Raises:
        SourceError: always.
    """
    hints = _clock_hint(breach, reasons) + _value_hints(reasons, advice or {})
    raise SourceError(
        f"{breach.label}: {breach.n_bad:,} of {breach.n_rows:,} rows"
        f" ({breach.n_bad / breach.n_rows:.2%}) cannot be used, {breach.rule}; nothing was loaded."
        f" Reasons: {_reasons_in_words(reasons)}."
        f" First: {_first_examples(breach, examples, files)}.{hints} Mend the source or the column"
        " mapping, or raise ingest.max_bad_share."
    )


def _reasons_in_words(reasons: pl.DataFrame) -> str:
    counted = reasons.select("column_name", "reason", "n_rows").iter_rows()
    return ", ".join(f"{column} {reason} ({n_rows:,})" for column, reason, n_rows in counted)


def _first_examples(breach: Breach, examples: Sequence[BadRow], files: Sequence[SourceFile]) -> str:
    """The first bad rows of the files of a breach, with place and text."""
    names = {file.number: file.name for file in files}
    shown = sorted(example for example in examples if example.load_file in breach.files)
    return "; ".join(
        f"{names[row.load_file]} line {row.line}: {row.raw_text[:SHOWN_CHARACTERS]!r}"
        for row in shown[:SHOWN_EXAMPLES]
    )


def _clock_hint(breach: Breach, reasons: pl.DataFrame) -> str:
    """Ask about the clock where most of the bad rows lie outside of the years that may be."""
    outside = reasons.filter(pl.col("reason").is_in(CLOCK_REASONS))
    is_clock = outside["n_rows"].sum() > breach.n_bad / 2
    return " Are timestamp_unit and timezone right?" if is_clock else ""


def _value_hints(reasons: pl.DataFrame, advice: Mapping[str, str]) -> str:
    """What reads such values in general, and what reads these."""
    values = reasons["reason"].to_list()
    general = [
        sentence
        for start, sentence in ADVICE.items()
        if any(entry.startswith(start) for entry in values)
    ]
    hint = f" If they are written so: {'; '.join(general)}." if general else ""
    return hint + "".join(f" Here: {sentence}" for sentence in advice.values())

"""The rows of a source that cannot be used: how many break which rule, which they are, and when
there are too many of them.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from ntg_assets.sources.accounting.quarantine import place_rows
from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.accounting.threshold import find_breach, raise_too_many
from ntg_assets.sources.reading.plans import Plan
from ntg_assets.sources.reading.typed_rows import over_typed_rows
from ntg_assets.sources.sniffing.advice import advise_numbers, advise_times
from ntg_assets.storage.connection import Connection
from ntg_assets.storage.run import run

LOOKED_AT = 20  # bad rows of which the settings are sought that read them
A_SETTING = "Set "  # how advice begins that names one
INVALID_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "load_file": pl.Int64,
    "row_number": pl.Int64,
    "column_name": pl.String,
    "reason": pl.String,
    "raw_fields": pl.List(pl.String),
}


def raise_if_too_many(
    connection: Connection,
    plan: Plan,
    counts: Mapping[int, FileCounts],
    *,
    source: str,
    max_bad_share: float,
) -> None:
    """Raise when a source as a whole, or one of its files, has too many bad rows
    (see `find_breach`).

    Args:
        connection: May read the files.
        plan: How they are read.
        counts: Of each file, by its number.
        source: `events` or `items`.
        max_bad_share: Share of rows (0-1) that may be unusable.
    """
    breach = find_breach(counts, plan.files, source=source, max_bad_share=max_bad_share)
    if breach is None:
        return
    judged = plan.only(breach.files)
    invalid = invalid_rows(connection, judged, counts, max_rows=LOOKED_AT)
    placed = place_rows(judged, invalid, {number: file.rejects for number, file in counts.items()})
    raise_too_many(
        breach,
        reasons=bad_reasons(connection, judged, counts),
        examples=placed,
        files=plan.files,
        advice=advice_on(judged, invalid),
    )


def advice_on(plan: Plan, invalid: pl.DataFrame) -> dict[str, str]:
    """Settings that read the times and numbers that were refused, by reason, where there are
    such.

    Args:
        plan: How the rows are read.
        invalid: Some of them, as of `invalid_rows`.
    """
    texts: dict[str, list[str | None]] = {}
    for row in invalid.iter_rows(named=True):
        if row["column_name"] in plan.raw_columns:
            text = row["raw_fields"][list(plan.raw_columns).index(row["column_name"])]
            texts.setdefault(row["reason"], []).append(text)
    known = {"is no ISO timestamp": advise_times, "is no number": advise_numbers}
    said = {reason: known[reason](texts[reason]) for reason in known if reason in texts}
    return {
        reason: A_SETTING.lower() + sentence.removeprefix(A_SETTING)
        for reason, sentence in said.items()
        if sentence.startswith(A_SETTING)
    }


def bad_reasons(
    connection: Connection, plan: Plan, counts: Mapping[int, FileCounts]
) -> pl.DataFrame:
    """Count the bad rows of a plan's files by column (as the source calls it) and reason,
    lines that are no rows included.
    """
    reasons = run(over_typed_rows(plan, "bad_reasons", package="sources.accounting"), connection)
    return with_rejects(reasons, plan, counts, [file.number for file in plan.files])


def invalid_rows(
    connection: Connection, plan: Plan, counts: Mapping[int, FileCounts], *, max_rows: int
) -> pl.DataFrame:
    """Rows that break a rule, with their places in their files.

    Args:
        connection: May read the files.
        plan: How they are read.
        counts: Of each file, by its number.
        max_rows: Rows at most.
    """
    affected = [file.number for file in plan.files if counts[file.number].n_invalid]
    if not affected:
        return pl.DataFrame(schema=INVALID_SCHEMA)
    numbered = plan.only(affected).numbered(
        {number: file.n_read for number, file in counts.items()}
    )
    return run(
        over_typed_rows(numbered, "bad_rows", package="sources.accounting", max_rows=max_rows),
        connection,
    )


def with_rejects(
    reasons: pl.DataFrame, plan: Plan, counts: Mapping[int, FileCounts], files: Sequence[int]
) -> pl.DataFrame:
    """Reasons under the column names of the source, and those of the lines that are no rows.

    Args:
        reasons: column_name, reason, n_rows.
        plan: How the files are read.
        counts: Of each file, by its number.
        files: Numbers of those that are meant.
    """
    named = reasons.select(
        pl.col("column_name").replace_strict(plan.named_columns),
        "reason",
        pl.col("n_rows").cast(pl.Int64),
    )
    kinds = [reject.reason for number in files for reject in counts[number].rejects]
    rejected = pl.DataFrame(
        {"column_name": "line", "reason": kinds},
        schema={"column_name": pl.String, "reason": pl.String},
    )
    counted = rejected.group_by("column_name", "reason", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n_rows")
    )
    return pl.concat([named, counted])

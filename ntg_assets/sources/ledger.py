"""Rows of the ledger: what became of every row of every file."""

import polars as pl

from ntg_assets.sources.accounting.reconciliation import FileCounts
from ntg_assets.sources.files.source_files import SourceFile
from ntg_assets.sources.sources import ValidatedSource


def ledger_of(source: ValidatedSource) -> pl.DataFrame:
    """Rows of the ledger contract for one source."""
    return pl.DataFrame(
        [_ledger_row(source, file) for file in source.files],
        schema_overrides={"skipped_because": pl.String},
        infer_schema_length=None,
    )


def _ledger_row(source: ValidatedSource, file: SourceFile) -> dict[str, object]:
    counts = source.counts[file.copy_of or file.number]
    skips = {} if file.copy_of is not None else source.skips.get(file.number, {})
    fates = _fates(source, file, counts)
    return {
        "load_file": file.number,
        "source": source.name,
        "file_name": file.name,
        "sha256": file.sha256,
        "n_bytes": file.n_bytes,
        "n_lines": file.n_lines if file.format != "parquet" else counts.n_rows,
        "n_rows": counts.n_rows,
        "n_accepted": counts.n_rows - sum(fates.values()),
        **fates,
        "skipped_because": "; ".join(f"{reason}: {n:,}" for reason, n in skips.items()) or None,
        "is_copy": file.copy_of is not None,
    }


def _fates(source: ValidatedSource, file: SourceFile, counts: FileCounts) -> dict[str, int]:
    """Rows of a file that are not accepted, by what became of them; those of a copy are all
    duplicates.
    """
    if file.copy_of is not None:
        n_duplicates, others = counts.n_rows, (0, 0, 0)
    else:
        n_duplicates = source.duplicates.get(file.number, 0)
        others = (counts.n_bad, counts.n_skipped, source.replaced.get(file.number, 0))
    n_quarantined, n_skipped, n_replaced = others
    return {
        "n_quarantined": n_quarantined,
        "n_skipped": n_skipped,
        "n_duplicates": n_duplicates,
        "n_replaced": n_replaced,
    }

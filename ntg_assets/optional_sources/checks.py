"""What is said early of lists and logs that cannot be read."""

import dagster as dg
import polars as pl

from ntg_assets.optional_sources.assets import FIRST
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.stages import INGEST


def describe_refused(optional_sources: pl.DataFrame) -> list[str]:
    """Say of each source that cannot be read why, and what does without it."""
    refused = optional_sources.filter(~pl.col("is_usable"))
    return [
        f"{row['source']}: {row['sentence'].rstrip('.')}; so {row['consequence']}"
        for row in refused.iter_rows(named=True)
    ]


@staged_check("optional_sources", stages=(INGEST,), op_tags=FIRST)
def configured_files_can_be_read(optional_sources: pl.DataFrame) -> dg.AssetCheckResult:
    """Every configured list and log can be read; what cannot is isolated where it is used,
    and the rest of the night goes on.
    """
    refused = describe_refused(optional_sources)
    return dg.AssetCheckResult(
        passed=not refused,
        description="; ".join(refused) or f"{optional_sources.height} lists and logs were read",
        metadata={"n_refused": len(refused)},
    )

"""The first thing of all: what lies elsewhere is brought here."""

from collections.abc import Iterator

import dagster as dg
import polars as pl

from ntg_assets.contracts import Contract
from ntg_assets.landing.contracts import LandedFiles
from ntg_assets.landing.fetch import Fetched, fetch_all, raise_if_failures
from ntg_assets.landing.folder import LandedFile
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.source_steps import source_step
from ntg_assets.stages import INGEST

LANDED_FILES = dg.AssetKey([INGEST, "landed_files"])
TABLES: dict[type[Contract], str] = {LandedFiles: "pyarrow"}
EVERY_FETCH_SUCCEEDED = dg.AssetCheckSpec(
    "every_fetch_succeeded",
    asset=LANDED_FILES,
    description="Everything that is configured was fetched in this run.",
)


@source_step(
    TABLES,
    group="ingest_optional",
    files=("landing.fetch", "data/landing"),
    check_specs=[EVERY_FETCH_SUCCEEDED],
)
def fetched_files(
    context: dg.AssetExecutionContext, project: Project
) -> Iterator[dg.Output[object] | dg.AssetCheckResult]:
    """Fetch objects and queries into `data/landing`;
    a fetch comes whole, or the one before stays.
    """
    landing = project.settings.landing
    done = fetch_all(landing, project.paths.landing)
    for entry in done:
        (context.log.info if entry.problem is None else context.log.error)(entry.sentence)
    raise_if_failures(landing, done)
    yield dg.Output(landed_files(done), "landed_files")
    yield validate(done)


def landed_files(done: list[Fetched]) -> pl.DataFrame:
    """Write what was fetched as rows of `ingest.landed_files`."""
    nothing = LandedFile(name="", origin="", n_bytes=0, sha256="", changed_ns=0)
    rows = [
        {
            "fetch": entry.name,
            "file": file.name,
            "origin": file.origin,
            "n_bytes": file.n_bytes,
            "sha256": file.sha256,
            "changed_at": file.changed_ns or None,
            "is_current": entry.problem is None,
            "problem": entry.problem,
        }
        for entry in done
        for file in entry.files or [nothing]
    ]
    schema = {
        "fetch": pl.String,
        "file": pl.String,
        "origin": pl.String,
        "n_bytes": pl.Int64,
        "sha256": pl.String,
        "changed_at": pl.Int64,
        "is_current": pl.Boolean,
        "problem": pl.String,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.from_epoch("changed_at", time_unit="ns").cast(pl.Datetime("us")))


def validate(done: list[Fetched]) -> dg.AssetCheckResult:
    """Whether everything came; what did not is named."""
    failed = [entry.sentence for entry in done if entry.problem is not None]
    return dg.AssetCheckResult(
        check_name=EVERY_FETCH_SUCCEEDED.name,
        asset_key=LANDED_FILES,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(failed) or (f"{len(done)} fetches" if done else "nothing is fetched"),
        metadata={"n_failed": len(failed), "n_fetches": len(done)},
    )

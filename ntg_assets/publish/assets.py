"""The last asset: what leaves the working store, after every blocking check has passed."""

import base64
from collections.abc import Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from ntg_assets.contracts import contract_of
from ntg_assets.orchestration.decorated import StagedAssets
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.publish.contents import list_contents
from ntg_assets.publish.contracts import Publication
from ntg_assets.publish.generations.origin import origin_of
from ntg_assets.publish.generations.read_copy import READ_COPY_TABLES, gathered
from ntg_assets.publish.locations import FIGURE_FOLDER
from ntg_assets.publish.manifest import Manifest
from ntg_assets.publish.pictures.figures import FIGURES
from ntg_assets.publish.publish import publish
from ntg_assets.publish.reports import Header
from ntg_assets.publish.write_generation import Publisher
from ntg_assets.splits.boundaries import train_end, zone_of
from ntg_assets.stages import LIVE, PUBLISHED


def contents_asset(stage: str, part: str, tables: Sequence[tuple[str, str]]) -> StagedAssets:
    """Make the asset that gathers what is published of one part of a stage.

    Args:
        stage: Schema of the tables.
        part: Part of the pipeline, the first word of the asset's name.
        tables: (schema, name) of what is published of it.
    """

    @staged_asset(
        contract=contract_of(contents_table(part)),
        name=contents_table(part),
        group=part,
        stages=(stage,),
        after=[dg.AssetKey([schema, table]) for schema, table in tables],
        whole_store=True,
        reads_after=True,
        kinds=("sql",),
    )
    def contents(project: Project) -> pl.DataFrame:
        """What of this part is published: each table with its rows and a hash of them."""
        with project.warehouse() as connection:
            return list_contents(connection, tables)

    return contents


def contents_table(part: str) -> str:
    """Name of the table that lists what is published of a part."""
    return f"{part}_contents"


CONTENTS = [contents_asset(stage, part, tables) for (stage, part), tables in gathered().items()]


@staged_asset(
    contract=Publication,
    group=PUBLISHED,
    stages=(PUBLISHED,),
    reads={"split_boundaries": LIVE},
    after=[
        *(dg.AssetKey([stage, contents_table(part)]) for stage, part in gathered()),
        *(
            dg.AssetKey([PUBLISHED, table])
            for schema, table in READ_COPY_TABLES
            if schema == PUBLISHED
        ),
    ],
    files=("data/generations", "data/history"),
    whole_store=True,
    kinds=("parquet", "json"),
)
def publication(
    context: dg.AssetExecutionContext, split_boundaries: pl.DataFrame, project: Project
) -> pl.DataFrame:
    """What analysts, the CRM and online callers read: a read copy, Parquet,
    JSON, figures and the decision brief.
    """
    settings = project.settings
    as_of, zone = train_end(split_boundaries).isoformat(), zone_of(split_boundaries)
    header = Header(
        source=settings.ingest.source_name,
        configuration=settings.fingerprint,
        as_of=as_of,
        timezone=zone,
    )
    with project.warehouse() as connection:
        publisher = Publisher(
            connection, project.paths, settings, project.id_types, header, origin_of(settings)
        )
        publication = publish(publisher, run=context.run_id)
    pictures = _pictures(publication.folder)
    for name, picture in pictures.items():
        context.log_event(_beside_its_table(name, picture))
    for note in publication.notes:
        context.log.warning(note)
    context.add_output_metadata(
        {
            "generation": publication.manifest.generation,
            "kept_aside": "; ".join(publication.reasons) or "no",
            **pictures,
        },
        output_name="result",
    )
    return publication_table(publication.manifest)


def publication_table(manifest: Manifest) -> pl.DataFrame:
    """List what was published; SHA-256 only for text,
    whose bytes are the same for the same content.
    """
    rows = [
        (
            file.path,
            file.kind,
            file.n_rows,
            file.sha256 if file.kind in ("report", "schema", "export", "origin") else None,
        )
        for file in manifest.files
    ]
    schema = {"path": pl.String, "kind": pl.String, "n_rows": pl.Int64, "content": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _beside_its_table(name: str, picture: dg.MetadataValue) -> dg.AssetObservation:
    """Show a figure on the page of the table that it draws, too."""
    table, schema = next(iter(FIGURES[name].tables.items()))
    return dg.AssetObservation(dg.AssetKey([schema, table]), metadata={"picture": picture})


def _pictures(generation: Path) -> dict[str, dg.MetadataValue]:
    """Show the figures where the run is looked at."""
    folder = generation / FIGURE_FOLDER
    return {
        file.stem: dg.MetadataValue.md(
            f"![{file.stem}](data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()})"
        )
        for file in sorted(folder.glob("*.png"))
    }

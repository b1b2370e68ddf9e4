"""Items that must not be shown: as their file says, else as the last publication held it."""

from pathlib import Path

import polars as pl

from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import SourceError
from ntg_assets.optional_sources.validation import Found, ValidatedSources
from ntg_assets.ranking.lists.excluded_items import EXCLUSION, LAST_PUBLICATION, read_excluded
from ntg_assets.ranking.lists.excluded_items import KEY as EXCLUDED_KEY
from ntg_assets.ranking.lists.excluded_items import SCHEMA as EXCLUDED_TYPES
from ntg_assets.sources.sources import Place
from ntg_assets.sql import Query, Table
from ntg_assets.stages import LIVE
from ntg_assets.storage.connection import connect  # noqa: TID251  # the last publication, declared
from ntg_assets.storage.run import run

WITHOUT_EXCLUDED = "items that it excluded at the last publication stay excluded"


def read_excluded_items(
    settings: Settings, judged: ValidatedSources, *, place: Place, published_store: Path
) -> pl.DataFrame:
    """Read the file of items that must not be shown; where it cannot be read, what it held last."""
    file = settings.ranking.rules.exclude_items_file
    if file is None:
        return pl.DataFrame(schema=EXCLUDED_TYPES)
    read = judged.read(
        EXCLUDED_KEY,
        file.files,
        lambda: read_excluded(file, place=place),
        found=lambda listed: Found(listed.n_files, listed.rows.height, listed.sentence),
        without=WITHOUT_EXCLUDED,
    )
    if read:
        return read.rows
    existing = excluded_at_last_publication(published_store, settings)
    if existing is None:
        raise SourceError(
            f"{EXCLUDED_KEY}: {judged.rows[-1][5]} Nothing was published before that says which"
            " items must not be shown."
        )
    return existing


def excluded_at_last_publication(published_store: Path, settings: Settings) -> pl.DataFrame | None:
    """Return the items that such a file excluded when something was published last;
    None when there was none then.
    """
    if not published_store.exists():
        return None
    rules = Query("select rule from stored", {"stored": Table(LIVE, "ranking_rules_report")})
    items = Query("select item_id, exclusion from stored", {"stored": Table(LIVE, "item_rules")})
    with connect(published_store, engine=settings.engine, read_only=True) as connection:
        if EXCLUSION not in run(rules, connection)["rule"]:
            return None
        judged = run(items, connection)
    listed = judged.filter(pl.col("exclusion") == EXCLUSION).sort("item_id")
    return listed.select(
        listed_id=pl.col("item_id").cast(pl.String), origin=pl.lit(LAST_PUBLICATION)
    )

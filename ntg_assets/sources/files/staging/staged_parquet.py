"""Parquet files written once more with a row for each element of lists inside of their rows."""

from collections.abc import Collection, Sequence
from pathlib import Path

import duckdb

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.exploding import Lists
from ntg_assets.sources.files.exploding_parquet import ParquetLists
from ntg_assets.sources.files.staging.staged_files import Staged, staged_path, writing
from ntg_assets.storage.connection import connect
from ntg_assets.storage.parquet import ROW_GROUP_ROWS, verify_pages, write_batches


def stage_parquet(
    path: Path,
    explode: Sequence[str],
    *,
    wanted: Collection[str],
    name: str,
    sha256: str,
    folder: Path,
) -> Staged:
    """Write the elements of lists inside of the rows of a Parquet file, a row each, with the
    columns around them.

    Args:
        path: The file.
        explode: Which lists.
        wanted: Columns that are read; other lists are left out.
        name: The file in messages.
        sha256: Of its bytes; it names what is written.
        folder: Where that lies.

    Raises:
        SourceError: the file is damaged, or has no such list.
    """
    target = staged_path(folder, sha256, "parquet", [*explode], sorted(wanted))
    folder.mkdir(parents=True, exist_ok=True)
    with connect(scratch=folder, allowed=[folder, path.parent]) as connection:
        lists = ParquetLists(connection, path, Lists.of(explode), wanted, name)
        try:
            text = lists.text()
        except duckdb.Error as error:
            first_line = str(error).splitlines()[0].replace(str(path), name)
            raise SourceError(
                f"{name}: is no whole Parquet file ({first_line}). Was its copy interrupted?"
                " Deliver it again."
            ) from None
        verify_pages(path, name=name)
        rows = connection.sql(text, params=lists.bound).to_arrow_reader(ROW_GROUP_ROWS)
        with writing(target) as written:
            write_batches(Path(written.name), rows)
        return Staged(target, 0, lists.n_rows())

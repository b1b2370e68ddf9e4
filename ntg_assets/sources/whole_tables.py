"""Small tables that a person names on the command line: read whole, as their files type them."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ntg_assets.errors import SourceError


def read_whole_table(path: Path) -> pl.DataFrame:
    """Read a CSV or Parquet file.

    Raises:
        SourceError: it cannot be read, or is empty.
    """
    try:
        rows = (
            pl.read_parquet(path)
            if path.suffix == ".parquet"
            else pl.read_csv(path, infer_schema_length=None)
        )
    except (OSError, PolarsError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise SourceError(f"{path.name} cannot be read ({reason}).") from None
    if rows.is_empty():
        raise SourceError(f"{path.name} has no rows.")
    return rows

"""The list of users who must not be contacted."""

from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from ntg_assets.errors import ConfigurationError


def read_opt_outs(file: str | None, *, home: Path) -> frozenset[str]:
    """Read `user_id` of a CSV file as text; no file configured means nobody opted out.

    Raises:
        ConfigurationError: the configured file is missing, unreadable or has no column `user_id`: contacting anyone then would be wrong.
    """
    if file is None:
        return frozenset()
    path = home / file
    try:
        rows = pl.read_csv(path, infer_schema=False)
    except (OSError, PolarsError) as error:
        raise ConfigurationError(
            f"radar.opt_out_file: {file} cannot be read ({str(error).splitlines()[0]}). Nobody was selected."
        ) from None
    if "user_id" not in rows.columns:
        raise ConfigurationError(
            f"radar.opt_out_file: {file} has no column user_id (found {', '.join(rows.columns)}). Nobody was selected."
        )
    return frozenset(rows["user_id"].drop_nulls().str.strip_chars().to_list())

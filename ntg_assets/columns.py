"""Types and descriptions of columns that several contracts share: one definition of each."""

from typing import Annotated

import polars as pl

Timestamp = Annotated[pl.Datetime, "us", None]  # naive UTC, microseconds

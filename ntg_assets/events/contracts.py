"""What the tables of the ingest stage promise."""

import pandera.polars as pa
import polars as pl

from ntg_assets.columns import Timestamp
from ntg_assets.contracts import Contract, column, contract, identifier
from ntg_assets.summaries import summary


@contract("events", grows_with_events=True)
@summary(
    measures={
        # several distinct counts in one query cost half as much again
        "n_users": "(select count(*) from (select user_id from {table} group by user_id))",
        "n_items": "(select count(*) from (select item_id from {table} group by item_id))",
        "mean_value": "avg(value)",
        "days": "date_diff('day', min(event_at), max(event_at))",
    },
    order=("event_at", "user_id", "item_id"),
)
class Events(Contract):
    """One row per accepted event. Rows equal in all columns but `load_file` count once unless the
    configuration keeps them.
    """

    user_id: str = identifier("user", "User, as the source writes it.")
    item_id: str = identifier("item", "Item, as the source writes it.")
    event_at: Timestamp = column("Moment of the event, naive UTC.")
    event_on: pl.Date = column(
        "Day of the event in the service's zone (`ingest.service_timezone`); every count of days"
        " reads it."
    )
    event_type: str = column("Kind of event.", str_length={"min_value": 1})
    value: float = column(
        "Value of the event (rating, amount, minutes); 1 where the source has none.",
        unit="as in the source",
    )
    weight: float = column("Strength of the event type in engagement.", ge=0)
    load_file: int = column("Number in load_ledger of the file the event came from.", ge=1)


@contract("items")
class Items(Contract):
    """One row per item of the item table; no rows without one. Items seen only in events are not
    here.
    """

    item_id: str = identifier("item", "Item, as the source writes it.")
    title: str = column("Name that people read; the id where the source has none.")
    categories: str = column(
        "Categories in source order, joined by '|'; null: none.", nullable=True
    )

    class Config(Contract.Config):
        unique = ["item_id"]


@contract("item_categories")
class ItemCategories(Contract):
    """One row per item and category."""

    item_id: str = identifier("item", "Item, as the source writes it.")
    category: str = column("Category of the item.", str_length={"min_value": 1})
    position: int = column("Place of the category in the source's list, from 1.", ge=1)
    n_categories: int = column("Number of categories of the item.", ge=1)

    class Config(Contract.Config):
        unique = ["item_id", "category"]


@contract("quarantine")
@summary(
    measures={
        "n_reasons": "count(distinct reason)",
        "n_files": "count(distinct load_file)",
        "n_columns": "count(distinct column_name)",
    },
    columns=("file_name", "line", "column_name", "reason", "raw_text"),
    order=("load_file", "line"),
)
class Quarantine(Contract):
    """One row per rejected row of a source file, with the first reason found."""

    quarantine_id: str = column(
        "First 16 hex digits of sha256(source:content:line): the same for the same content (bytes,"
        " key=value folders) under any name."
    )
    source: str = column("Which source the row belongs to.", isin=["events", "items"])
    load_file: int = column("Number of the file in load_ledger.", ge=1)
    file_name: str = column("File, relative to the project folder.")
    line: int = column(
        "Physical line in a CSV file (the header is 1), record of a JSON array, row in a Parquet"
        " file, from 1.",
        ge=1,
    )
    column_name: str = column(
        "Column of the source that broke the rule; '(row)' when the row as a whole did."
    )
    reason: str = column("Rule that the row broke.")
    raw_text: str = column(
        "The row as the source has it: its text (CSV), or its configured columns as JSON (Parquet)."
    )

    class Config(Contract.Config):
        unique = ["quarantine_id"]


@contract("volume_report")
class VolumeReport(Contract):
    """One row per comparison: what the load brought against the load before,
    and the end of the log against its usual level.
    """

    measure: str = column(
        "What is compared",
        isin=["events", "users", "last_day", "items", "events_per_day", "users_per_day"],
    )
    seen: float = column(
        "Its value: a count, a mean per day since a drop, for last_day the days from the start of"
        " the load before; null: not counted",
        nullable=True,
    )
    expected: float = column(
        "That of the load before, or the usual one per day; null: nothing to compare with",
        nullable=True,
    )
    ratio: float = column("seen over expected", nullable=True, ge=0)
    since_on: pl.Date = column(
        "Day on which a drop began; null: there is none", unit="date", nullable=True
    )
    n_days: int = column(
        "Days that a drop has lasted; null: there is none", unit="days", nullable=True, ge=7
    )
    verdict: str = column(
        "ok; warn: told; hold: contact lists are held back until a person has confirmed it",
        isin=["ok", "warn", "hold"],
    )
    sentence: str = column("The comparison in words, and what to do about it")

    class Config(Contract.Config):
        unique = ["measure"]


@contract("load_ledger")
@summary(
    measures={
        "n_accepted": "sum(n_accepted)",
        "n_quarantined": "sum(n_quarantined)",
        "n_duplicates": "sum(n_duplicates)",
        "n_bytes": "sum(n_bytes)",
    },
)
class LoadLedger(Contract):
    """One row per source file: every record of it is accepted, quarantined, skipped, a duplicate or
    replaced.
    """

    load_file: int = column("Number of the file: by source, then by name.", ge=1)
    source: str = column("Which source the file belongs to.", isin=["events", "items"])
    file_name: str = column("File, relative to the project folder.")
    sha256: str = column("SHA-256 of the file's bytes.", str_matches=r"^[0-9a-f]{64}$")
    n_bytes: int = column("Size of the file.", unit="bytes", ge=1)
    n_lines: int = column(
        "Physical lines of a CSV file, its header included; records of a JSON file, rows of a"
        " Parquet file.",
        ge=0,
    )
    n_rows: int = column("Rows of the file.", ge=0)
    n_accepted: int = column("Rows that became rows of the table.", ge=0)
    n_quarantined: int = column("Rows in quarantine.", ge=0)
    n_skipped: int = column(
        "Records that the configuration leaves out (`keep`, `skip_when_empty`, ...): not bad.",
        ge=0,
    )
    n_duplicates: int = column(
        "Rows that an accepted row already stands for; every row of a copy.", ge=0
    )
    n_replaced: int = column(
        "Rows that a row of a later file with the same `event_id` has replaced.", ge=0
    )
    skipped_because: str = column(
        "Why records were skipped, with counts; null: none was.", nullable=True
    )
    is_copy: bool = column(
        "Whether an earlier file of the same source has the same bytes, below `key=value` folders"
        " that say the same."
    )

    class Config(Contract.Config):
        unique = ["load_file"]

    @pa.dataframe_check
    @classmethod
    def every_row_has_one_fate(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """n_rows = n_accepted + n_quarantined + n_skipped + n_duplicates + n_replaced."""
        fates = ("n_accepted", "n_quarantined", "n_skipped", "n_duplicates", "n_replaced")
        return data.lazyframe.select(pl.col("n_rows") == pl.sum_horizontal(*fates))


@contract("optional_sources")
class OptionalSources(Contract):
    """One row per configured list or log beside the interaction log: whether it could be read,
    and what does without it if not.
    """

    source: str = column(
        "Configuration key, or the experiment it belongs to (`experiments.<id>`)",
        str_length={"min_value": 1},
    )
    files: str = column("Files or globs as configured, joined by ', '")
    n_files: int = column("Files that were read", ge=0)
    n_rows: int = column("Rows that came of them", ge=0)
    is_usable: bool = column("Whether it could be read")
    sentence: str = column("What was found, or why it could not be read")
    consequence: str = column("What does without it; null where it could be read", nullable=True)

    class Config(Contract.Config):
        unique = ["source"]

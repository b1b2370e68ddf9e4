"""The rows of a query as one Parquet file, through ADBC: batch by batch, within memory."""

from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from ntg_assets.configuration.inputs.landing import DATABASE_SCHEMES, FetchSettings
from ntg_assets.errors import ConfigurationError, SourceError
from ntg_assets.modules import library

FILE = "rows.parquet"


def fetch_query(fetch: FetchSettings, target: Path) -> int:
    """Write the rows of a query to `target`.

    Types are those of Arrow; PostgreSQL's `numeric` has no such type and arrives as text, exactly
    as the database writes it.

    Returns:
        Number of rows.

    Raises:
        ConfigurationError: the driver is not installed.
        SourceError: the database refused, or the query makes two columns of one name.
    """
    driver = _driver(fetch)
    address = fetch.url.removeprefix("sqlite:///") if _scheme(fetch) == "sqlite" else fetch.url
    try:
        with driver.connect(address) as connection, connection.cursor() as cursor:
            cursor.execute(str(fetch.query).strip().rstrip(";"))
            return _write(cursor.fetch_record_batch(), target, fetch)
    except (driver.Error, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise SourceError(
            f"landing.{fetch.name}: {fetch.url} refused the query: {reason}"
        ) from None


def _write(batches: pa.RecordBatchReader, target: Path, fetch: FetchSettings) -> int:
    names = batches.schema.names
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise SourceError(
            f"landing.{fetch.name}: the query makes several columns called {', '.join(twice)}."
            " Name each (select ... as ...)."
        )
    n_rows = 0
    schema = pa.schema([_storable(entry) for entry in batches.schema])
    with pq.ParquetWriter(target, schema, write_page_checksum=True) as writer:
        for batch in batches:
            writer.write_table(
                pa.table([_plain(column) for column in batch.columns], schema=schema)
            )
            n_rows += batch.num_rows
    return n_rows


def _storable(column: pa.Field) -> pa.Field:
    is_wrapped = isinstance(column.type, pa.BaseExtensionType)
    return pa.field(column.name, column.type.storage_type if is_wrapped else column.type)


def _plain(column: pa.Array) -> pa.Array:
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _scheme(fetch: FetchSettings) -> str:
    return urlsplit(fetch.url).scheme


def _driver(fetch: FetchSettings) -> ModuleType:
    module = DATABASE_SCHEMES[_scheme(fetch)]
    try:
        return library(f"{module}.dbapi")
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"landing.{fetch.name}: {_scheme(fetch)}:// needs the package {error.name}. Install the"
            " extra `fetch`."
        ) from None

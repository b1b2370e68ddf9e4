"""Every Parquet file that NTG writes carries page checksums,
and its rows are those that were given.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ntg_assets.contracts import column_names, contract_of
from ntg_assets.errors import SourceError, StorageError
from ntg_assets.history.days import SEGMENT_DAYS, last_day_before
from ntg_assets.publish.exports import export_contact_list, export_parquet
from ntg_assets.sql import Table
from ntg_assets.storage.parquet import (
    ROW_GROUP_ROWS,
    read_verified,
    verify_pages,
    write_batches,
)
from ntg_assets.synthetic.world import write_world

N_ROWS = 2 * ROW_GROUP_ROWS + 5


def damage(path: Path) -> None:
    """Turn one bit over in the last page of the first column chunk."""
    chunk = pq.ParquetFile(path).metadata.row_group(0).column(0)
    content = bytearray(path.read_bytes())
    content[
        (chunk.dictionary_page_offset or chunk.data_page_offset) + chunk.total_compressed_size - 1
    ] ^= 1
    path.write_bytes(content)


def raise_if_damage(path: Path) -> None:
    verify_pages(path)
    damage(path)
    with pytest.raises(SourceError, match=rf"^{path.name}: is damaged"):
        verify_pages(path)
    with pytest.raises(SourceError, match=rf"^{path.name}: is damaged"):
        read_verified(path)


def test_rows_are_those_of_the_query_in_its_order_and_in_whole_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    query = (
        "select range as n, 'text ' || (range % 7) as word, range / 3 as share, null::date as"
        f" never from range({N_ROWS}) order by n desc"
    )
    with duckdb.connect() as connection:
        write_batches(path, connection.sql(query).to_arrow_reader(10_000))
    metadata = pq.ParquetFile(path).metadata
    assert [metadata.row_group(place).num_rows for place in range(metadata.num_row_groups)] == [
        ROW_GROUP_ROWS,
        ROW_GROUP_ROWS,
        5,
    ]
    found = read_verified(path, columns=["n", "word"])
    assert found["n"].equals(pl.Series("n", range(N_ROWS - 1, -1, -1)))
    assert found["word"][0] == f"text {(N_ROWS - 1) % 7}"
    raise_if_damage(path)


def test_a_table_without_rows_keeps_its_columns(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        write_batches(
            tmp_path / "out.parquet",
            connection.sql("select 1 as n, 'x' as word where false").to_arrow_reader(10),
        )
    assert read_verified(tmp_path / "out.parquet").schema == pl.Schema(
        {"n": pl.Int32, "word": pl.String}
    )


def exported_table(folder: Path) -> Path:
    with duckdb.connect() as connection:
        connection.execute(
            "create schema live; create table live.user_taste as select range as user_id, 'axis' as"
            " axis from range(100)"
        )
        return export_parquet(
            connection, Table("live", "user_taste"), target=folder / "user_taste.parquet"
        )


def contact_list(folder: Path) -> Path:
    columns = ", ".join(
        f"'contact' as {name}" for name in column_names(contract_of("intervention_targets"))
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"create schema live; create table live.intervention_targets as select {columns} from"
            " range(100)"
        )
        return export_contact_list(
            connection,
            Table("live", "intervention_targets"),
            target=folder / "contact_list.parquet",
        )


@pytest.mark.parametrize("write", [exported_table, contact_list])
def test_what_is_published_carries_checksums(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    raise_if_damage(write(tmp_path))


@pytest.mark.slow
def test_a_synthetic_world_carries_checksums(tmp_path: Path) -> None:
    write_world(tmp_path, n_events=2_000, n_users=100, n_items=60)
    for path in sorted(tmp_path.rglob("*.parquet")):
        raise_if_damage(path)


def test_a_kept_day_is_held_against_its_checksums(tmp_path: Path) -> None:
    folder = tmp_path / SEGMENT_DAYS.kind
    folder.mkdir(parents=True)
    path = folder / SEGMENT_DAYS.file_name(date(2024, 2, 1))
    with duckdb.connect() as connection:
        write_batches(
            path, connection.sql("select range as n from range(100)").to_arrow_reader(100)
        )
    damage(path)
    with pytest.raises(
        StorageError, match=r"data/history/segments/.* is damaged .* delete it and run again\.$"
    ):
        last_day_before(SEGMENT_DAYS, date(2024, 3, 1), history=tmp_path)


def test_an_encoding_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pa.table({"n": [1, 2]}), path, use_dictionary=False, compression="none")
    plain, bit_packed = (bytes([0x15, 2 * encoding, 0x15, 6, 0x15, 6]) for encoding in (0, 4))
    assert path.read_bytes().count(plain) == 1  # in the page's header, as Thrift writes it
    path.write_bytes(path.read_bytes().replace(plain, bit_packed))
    with pytest.raises(SourceError, match="it cannot be decoded: Unknown encoding type"):
        verify_pages(path)
    with pytest.raises(duckdb.Error, match="Unsupported page encoding"):
        duckdb.execute(f"select sum(n) from '{path}'").fetchall()


def test_what_the_verifier_has_no_code_for_is_said_and_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def decode(*_: object, **__: object) -> None:  # a real file of this kind has 2 GB
        raise pa.ArrowNotImplementedError("nested data of 2 GB")

    monkeypatch.setattr("ntg_assets.storage.parquet.pq.ParquetFile", decode)
    verify_pages(tmp_path / "log.parquet")
    assert "log.parquet: its page checksums are not verified: nested data of 2 GB" in caplog.text

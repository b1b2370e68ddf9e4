"""Logs of experiments: times as databases write them, and Parquet held against its checksums."""

from datetime import datetime
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.errors import SourceError
from ntg_assets.experiments.data.logs.log_reading import LogFiles
from ntg_assets_tests.event_files import written_instants

NINE = datetime(2024, 1, 1, 9)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-01 10:00:00 +0100",
        "2024-01-01 10:00:00.000 +01:00",
        "2024-01-01T10:00+01:00",
        "2024-01-01 10:00 +0100",
        "2024-01-01 09:00:00 UTC",
        "2024-01-01 09:00 Z",
        "2024-01-01T09:00:00z",
        "2024-01-01T09:00",
        "2024-01-01 04:30:00-0430",
    ],
)
def test_offsets_of_every_spelling_are_one_moment(tmp_path: Path, text: str) -> None:
    assert written_instants(tmp_path, pl.Series([text]), "UTC").item() == NINE


@pytest.mark.parametrize("text", ["2024-01-01", " 2024-01-01 "])
def test_a_day_is_its_midnight(tmp_path: Path, text: str) -> None:
    assert written_instants(tmp_path, pl.Series([text]), "UTC").item() == datetime(2024, 1, 1)


def test_a_damaged_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "exposures.parquet"
    table = pl.DataFrame({"unit": ["u1", "u2"], "arm": ["a", "b"]}).to_arrow()
    pq.write_table(table, path, write_page_checksum=True, use_dictionary=False, compression="none")
    wanted = {"unit_id": "unit", "arm": "arm"}
    log = FileSource(files=["exposures.parquet"])
    what = "experiment e: exposures"
    assert LogFiles(tmp_path).read(log, wanted, what=what).rows() == [
        ("u1", "a"),
        ("u2", "b"),
    ]
    chunk, content = (
        pq.ParquetFile(path).metadata.row_group(0).column(0),
        bytearray(path.read_bytes()),
    )
    content[chunk.data_page_offset + chunk.total_compressed_size - 1] ^= 1  # u2 becomes u3
    path.write_bytes(content)
    assert pl.read_parquet(path)["unit"].to_list() == [
        "u1",
        "u3",
    ], "another reader reads another unit"
    with pytest.raises(
        SourceError,
        match=(
            r"^experiment e: exposures: exposures\.parquet: is damaged \(a page is not what was"
            r" written"
        ),
    ):
        LogFiles(tmp_path).read(log, wanted, what=what)

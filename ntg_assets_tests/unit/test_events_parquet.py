import random
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import (
    accepted,
    bad_rows,
    fates,
    log_settings,
    survey_log,
    write_parquet,
)

PARQUET = "log.parquet"
N_FLIPS = 40


def row(**columns: str) -> str:
    """A `select` of one event; keywords replace its columns."""
    given = {
        "user_id": "'u'",
        "item_id": "'i'",
        "event_at": "timestamp '2024-01-01 10:00'",
        "value": "1",
    } | columns
    return "select " + ", ".join(f"{sql} as {name}" for name, sql in given.items())


@pytest.mark.parametrize(
    ("stored", "unit", "zone", "expected"),
    [
        ("timestamp '2024-01-01 10:00'", "iso", "UTC", datetime(2024, 1, 1, 10)),
        ("timestamp '2024-01-01 10:00'", "iso", "Asia/Kolkata", datetime(2024, 1, 1, 4, 30)),
        (
            "timestamptz '2024-01-01 10:00+05:30'",
            "iso",
            "Europe/Paris",
            datetime(2024, 1, 1, 4, 30),
        ),
        (
            "timestamp_ns '2024-01-01 10:00:00.123456789'",
            "iso",
            "UTC",
            datetime(2024, 1, 1, 10, 0, 0, 123457),
        ),
        (
            "timestamp_ms '2024-01-01 10:00:00.123'",
            "iso",
            "UTC",
            datetime(2024, 1, 1, 10, 0, 0, 123_000),
        ),
        ("date '2024-01-01'", "iso", "UTC", datetime(2024, 1, 1)),
        ("date '2024-01-01'", "iso", "Asia/Kolkata", datetime(2023, 12, 31, 18, 30)),
        ("'2024-01-01T10:00:00+05:30'", "iso", "UTC", datetime(2024, 1, 1, 4, 30)),
        ("1704103200", "seconds", "Asia/Kolkata", datetime(2024, 1, 1, 10)),
        ("cast(1704103200.5 as double)", "seconds", "UTC", datetime(2024, 1, 1, 10, 0, 0, 500_000)),
        ("1704103200000", "milliseconds", "UTC", datetime(2024, 1, 1, 10)),
        ("cast(1704103200000000 as ubigint)", "microseconds", "UTC", datetime(2024, 1, 1, 10)),
        ("timestamp '2024-01-01 10:00'", "seconds", "UTC", datetime(2024, 1, 1, 10)),
    ],
)
def test_times_of_every_type_become_naive_utc(
    tmp_path: Path, stored: str, unit: str, zone: str, expected: datetime
) -> None:
    write_parquet(tmp_path, row(event_at=stored))
    assert accepted(
        tmp_path, log_settings(PARQUET, timestamp_unit=unit, timezone=zone), "event_at"
    ) == [expected]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "Asia/Kolkata"])
def test_times_that_arrow_writes_are_read(tmp_path: Path, unit: str, zone: str | None) -> None:
    moment = datetime(2024, 1, 1, 10)
    at = pl.Series([moment]).cast(pl.Datetime("us")).to_arrow().cast(pa.timestamp(unit, zone))
    pq.write_table(
        pa.table({"user_id": ["u"], "item_id": ["i"], "event_at": at, "value": [1.0]}),
        tmp_path / PARQUET,
    )
    assert accepted(tmp_path, log_settings(PARQUET), "event_at") == [moment]


@pytest.mark.parametrize(
    ("columns", "keys", "told"),
    [
        (
            {"event_at": "1704103200"},
            {},
            r"column 'event_at': holds INTEGER, timestamps expected\. Set `timestamp_unit`",
        ),
        ({"event_at": "true"}, {}, "holds BOOLEAN, timestamps expected"),
        (
            {"user_id": "cast(1.5 as double)"},
            {},
            r"column 'user_id': holds DOUBLE, string ids expected\. Set the id type",
        ),
        (
            {"user_id": "[1]"},
            {"user_id_type": "integer"},
            r"holds INTEGER\[\], integer ids expected",
        ),
        ({"value": "{'a': 1}"}, {}, "a number expected"),
        ({"value": "date '2024-01-01'"}, {}, "holds DATE, a number expected"),
    ],
)
def test_a_column_whose_type_cannot_mean_it_is_refused(
    tmp_path: Path, columns: dict[str, str], keys: dict[str, Any], told: str
) -> None:
    write_parquet(tmp_path, row(**columns))
    with pytest.raises(SourceError, match=told):
        survey_log(tmp_path, log_settings(PARQUET, **keys))


@pytest.mark.parametrize(
    ("stored", "id_type", "expected"),
    [
        ("42", "integer", 42),
        ("cast(42 as utinyint)", "integer", 42),
        ("cast(42.0 as double)", "integer", 42),
        ("cast(42 as decimal(18, 0))", "integer", 42),
        ("'00042'", "integer", 42),
        ("'00042'", "string", "00042"),
        ("42", "string", "42"),
        (
            "uuid '123e4567-e89b-12d3-a456-426614174000'",
            "string",
            "123e4567-e89b-12d3-a456-426614174000",
        ),
    ],
)
def test_ids_of_every_type_are_kept_as_configured(
    tmp_path: Path, stored: str, id_type: str, expected: object
) -> None:
    write_parquet(tmp_path, row(user_id=stored))
    assert accepted(tmp_path, log_settings(PARQUET, user_id_type=id_type), "user_id") == [expected]


def test_bad_rows_are_told_by_row_with_their_mapped_columns(tmp_path: Path) -> None:
    rows = [
        row(),
        row(user_id="null"),
        row(value="'nan'::float"),
        row(value="'inf'::double"),
        row(item_id="''"),
        row(event_at="null"),
        row(value="null"),
    ]
    write_parquet(tmp_path, " union all ".join(rows))
    found = survey_log(tmp_path, log_settings(PARQUET, max_bad_share=0.9))
    assert found.quarantine.select("line", "column_name", "reason").rows() == [
        (2, "user_id", "is empty"),
        (3, "value", "is not finite"),
        (4, "value", "is not finite"),
        (5, "item_id", "is empty"),
        (6, "event_at", "is empty"),
        (7, "value", "is empty"),
    ]
    assert (
        found.quarantine["raw_text"][0]
        == '{"user_id": null, "item_id": "i", "event_at": "2024-01-01 10:00:00", "value": "1.0"}'
    )
    assert fates(found) == [(7, 1, 6, 0)]


def test_texts_in_parquet_are_judged_like_texts_in_csv(tmp_path: Path) -> None:
    write_parquet(
        tmp_path, " union all ".join([row(value="'2.5'"), row(value="'x'"), row(value="'NaN'")])
    )
    assert bad_rows(tmp_path, log_settings(PARQUET, max_bad_share=0.9)) == [
        (2, "value", "is no number"),
        (3, "value", "is not finite"),
    ]


def test_an_id_that_is_no_whole_number_is_quarantined_not_rounded(tmp_path: Path) -> None:
    stored = ["cast(1.0 as double)", "1.5", "'nan'::double", "1e300", "null"]
    write_parquet(tmp_path, " union all ".join(row(user_id=text) for text in stored))
    settings = log_settings(PARQUET, user_id_type="integer", max_bad_share=0.9)
    assert accepted(tmp_path, settings, "user_id") == [1]
    assert bad_rows(tmp_path, settings) == [
        (2, "user_id", "is no whole number"),
        (3, "user_id", "is no whole number"),
        (4, "user_id", "is no whole number"),
        (5, "user_id", "is empty"),
    ]


def test_files_whose_types_drift_are_one_log(tmp_path: Path) -> None:
    write_parquet(tmp_path, row(user_id="7", value="1"), name="1.parquet")
    write_parquet(tmp_path, row(user_id="'00042'", value="'2.5'"), name="2.parquet")
    write_parquet(
        tmp_path,
        row(
            value="cast(3 as decimal(9, 2))",
            event_at="timestamptz '2024-01-01 12:00+02'",
            user_id="9",
        ),
        name="3.parquet",
    )
    write_parquet(tmp_path, row(user_id="8", value="4"), name="4.parquet")
    found = accepted(tmp_path, log_settings("*.parquet"), "user_id", "value", "load_file")
    assert sorted(found, key=lambda event: event[2]) == [
        ("7", 1.0, 1),
        ("00042", 2.5, 2),
        ("9", 3.0, 3),
        ("8", 4.0, 4),
    ]


def test_files_whose_column_order_drifts_do_not_swap_users_and_items(tmp_path: Path) -> None:
    write_parquet(
        tmp_path,
        "select 'u' as user_id, 'i' as item_id, timestamp '2024-01-01' as event_at, 1 as value",
        name="1.parquet",
    )
    write_parquet(
        tmp_path,
        "select 'i' as item_id, 'u' as user_id, timestamp '2024-01-02' as event_at, 1 as value",
        name="2.parquet",
    )
    assert accepted(tmp_path, log_settings("*.parquet"), "user_id", "item_id") == [
        ("u", "i"),
        ("u", "i"),
    ]


def test_a_later_file_without_a_column_is_named(tmp_path: Path) -> None:
    write_parquet(tmp_path, row(), name="1.parquet")
    write_parquet(tmp_path, "select 'u' as user_id, 'i' as item_id, 1 as value", name="2.parquet")
    with pytest.raises(
        SourceError, match=r"^2\.parquet: no column 'event_at' \(ingest\.events\.event_at\)"
    ):
        survey_log(tmp_path, log_settings("*.parquet"))


def test_a_column_is_the_one_spelt_exactly_so(tmp_path: Path) -> None:
    columns = {
        "user_id": ["right"],
        "USER_ID": ["wrong"],
        "item_id": ["i"],
        "event_at": ["2024-01-01"],
        "value": [1],
    }
    pq.write_table(pa.table(columns), tmp_path / PARQUET)
    assert accepted(tmp_path, log_settings(PARQUET), "user_id") == ["right"]
    pq.write_table(pa.table(dict(reversed(columns.items()))), tmp_path / PARQUET)
    with pytest.raises(SourceError, match=r"no column 'user_id'.*'USER_ID'"):
        survey_log(tmp_path, log_settings(PARQUET))


@pytest.mark.parametrize("kept", [0.3, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: float) -> None:
    path = write_parquet(tmp_path, f"select * from ({row()}), range(10000)")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    with pytest.raises(
        SourceError, match=r"^log\.parquet: is no whole Parquet file \(.*Deliver it again"
    ) as refused:
        survey_log(tmp_path, log_settings(PARQUET))
    assert str(tmp_path) not in str(refused.value)


def test_damage_that_the_reader_notices_is_one_sentence(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path, f"select * replace ('user' || range as user_id) from ({row()}), range(10000)"
    )
    content = bytearray(path.read_bytes())
    content[4:2000] = bytes(1996)
    path.write_bytes(content)
    with pytest.raises(
        SourceError, match=r"^log\.parquet: is damaged \(.*\)\. Deliver it again"
    ) as refused:
        survey_log(tmp_path, log_settings(PARQUET))
    assert str(tmp_path) not in str(refused.value)


@pytest.mark.slow
def test_a_flipped_bit_is_refused_or_changes_no_value(tmp_path: Path) -> None:
    path = tmp_path / PARQUET
    columns = {
        "user_id": [f"u{n}" for n in range(90)],
        "item_id": ["i", "j", "k"] * 30,
        "value": [n / 8 for n in range(90)],
    }
    times = pa.array([datetime(2024, 1, 1, n % 24, n % 60) for n in range(90)], pa.timestamp("us"))
    pq.write_table(
        pa.table({**columns, "event_at": times}), path, write_page_checksum=True, row_group_size=40
    )
    settings, whole = log_settings(PARQUET), path.read_bytes()
    right, n_refused = accepted(tmp_path, settings), 0
    for place in random.Random(11).sample(range(len(whole) * 8), N_FLIPS):  # noqa: S311  # test data
        path.write_bytes(with_flip(whole, place))
        try:
            assert accepted(tmp_path, settings) == right, (
                f"bit {place} of {len(whole) * 8} reads as another value"
            )
        except SourceError:
            n_refused += 1
    assert n_refused > N_FLIPS / 2


def test_a_flip_in_a_column_that_is_not_read_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / PARQUET
    table = pa.table(
        {
            "user_id": ["u"],
            "item_id": ["i"],
            "event_at": ["2024-01-01"],
            "value": [1.0],
            "junk": [7.0],
        }
    )
    pq.write_table(table, path, write_page_checksum=True, use_dictionary=False)
    offset = pq.ParquetFile(path).metadata.row_group(0).column(4).data_page_offset
    path.write_bytes(
        with_flip(
            path.read_bytes(),
            (
                offset
                + pq.ParquetFile(path).metadata.row_group(0).column(4).total_compressed_size
                - 1
            )
            * 8,
        )
    )
    assert accepted(tmp_path, log_settings(PARQUET), "user_id") == ["u"]
    with pytest.raises(
        SourceError,
        match=r"^log\.parquet: is damaged \(a page is not what was written, its checksum differs\)",
    ):
        survey_log(tmp_path, log_settings(PARQUET, value="junk"))


def with_flip(content: bytes, bit: int) -> bytes:
    """The same bytes with one bit turned over."""
    flipped = bytearray(content)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


def test_odd_column_names_are_quoted(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({'a "b"': ["u"], "it'em": ["i"], "select": ["2024-01-01"], "file_index": [1.0]}),
        tmp_path / PARQUET,
    )
    settings = log_settings(
        PARQUET, user_id='a "b"', item_id="it'em", event_at="select", value="file_index"
    )
    assert accepted(tmp_path, settings) == [("u", "i", datetime(2024, 1, 1), 1.0)]

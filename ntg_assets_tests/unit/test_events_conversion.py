from datetime import datetime
from pathlib import Path

import pytest

from ntg_assets_tests.event_files import accepted, bad_rows, log_settings, survey_log, write_log

HALF_PAST_FOUR = datetime(2024, 1, 1, 4, 30)


def one_row(
    home: Path, *, user: str = "u", item: str = "i", at: str = "2024-01-01", value: str = "1"
) -> None:
    write_log(home, [f"{user},{item},{at},{value}"])


OFFSETS = [
    "2024-01-01T10:00:00+05:30",
    "2024-01-01 10:00:00+0530",
    "2024-01-01T04:30:00Z",
    "2024-01-01 04:30 UTC",
    "2024-01-01T04:30:00.000000",
    "2023-12-31 20:30:00-08",
    " 2024-01-01 04:30 ",
    "2024-01-01 10:00:00.000 +0530",
    "2024-01-01 10:00:00 +05:30",
    "2024-01-01T10:00  +05:30 ",
    "2023-12-31 20:30:00\t-08",
    "2024-01-01 04:30:00Z ",
    "2024-01-01 04:30:00 Z",
    "2024-01-01T04:30:00z",
    "2024-01-01 04:30:00UTC",
    "2024-01-01 04:30:00 GMT",
]


def test_offsets_count(tmp_path: Path) -> None:
    write_log(tmp_path, [f"{n},i,{text},1" for n, text in enumerate(OFFSETS)])
    read = dict(accepted(tmp_path, log_settings(), "user_id", "event_at"))
    assert {text: read.get(str(n)) for n, text in enumerate(OFFSETS)} == dict.fromkeys(
        OFFSETS, HALF_PAST_FOUR
    )


def test_a_space_before_the_offset_keeps_the_fraction(tmp_path: Path) -> None:
    one_row(tmp_path, at="2024-01-01 10:00:00.1234567 +01:00")
    assert accepted(tmp_path, log_settings(), "event_at") == [
        datetime(2024, 1, 1, 9, 0, 0, 123_456)
    ]


def test_only_times_without_a_zone_are_read_in_the_configured_one(tmp_path: Path) -> None:
    rows = ["u,1,2024-01-01T10:00:00,1", "u,2,2024-01-01T10:00:00Z,1", "u,3,2024-01-01,1"]
    write_log(tmp_path, rows)
    assert accepted(tmp_path, log_settings(timezone="Asia/Kolkata"), "item_id", "event_at") == [
        ("3", datetime(2023, 12, 31, 18, 30)),
        ("1", HALF_PAST_FOUR),
        ("2", datetime(2024, 1, 1, 10)),
    ]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"timezone\n.*is no IANA time zone"):
        log_settings(timezone="Mars/Olympus")


@pytest.mark.parametrize(
    ("unit", "text", "expected"),
    [
        ("seconds", "1704083400", HALF_PAST_FOUR),
        ("seconds", "1704083400.25", datetime(2024, 1, 1, 4, 30, 0, 250_000)),
        ("milliseconds", "1704083400001", datetime(2024, 1, 1, 4, 30, 0, 1_000)),
        ("microseconds", "1704083400000001", datetime(2024, 1, 1, 4, 30, 0, 1)),
        ("seconds", "1.7040834e9", HALF_PAST_FOUR),
    ],
)
def test_epoch_numbers_have_a_unit(
    tmp_path: Path, unit: str, text: str, expected: datetime
) -> None:
    one_row(tmp_path, at=text)
    assert accepted(tmp_path, log_settings(timestamp_unit=unit), "event_at") == [expected]


NO_TIMES = [
    "yesterday",
    "2024-02-30",
    "01/02/2024",
    "20240101",
    "epoch",
    "infinity",
    "2024-01-01 10:00 CET",
    "1704083400",
    "2024-01-01 10:00 +25:00",
    "2024-01-01 10:00:00+00:99",
]


def test_what_is_no_iso_timestamp_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,i,{text},1" for text in NO_TIMES])
    assert bad_rows(tmp_path, log_settings(max_bad_share=1)) == [
        (line, "event_at", "is no ISO timestamp") for line, _ in enumerate(NO_TIMES, start=2)
    ]


def test_what_is_no_epoch_number_is_refused(tmp_path: Path) -> None:
    texts = ["abc", "99999999999999999999999999", "1e300", "nan", "-1e17"]
    write_log(tmp_path, [f"u,i,{text},1" for text in texts])
    assert bad_rows(tmp_path, log_settings(timestamp_unit="seconds", max_bad_share=1)) == [
        (line, "event_at", "is no epoch number (seconds)") for line, _ in enumerate(texts, start=2)
    ]


def test_a_broken_clock_is_quarantined_on_both_sides_and_bounds_are_half_open(
    tmp_path: Path,
) -> None:
    rows = [
        "u,i,2019-12-31T23:59:59.999999,1",
        "u,i,2020-01-01,1",
        "u,i,2020-12-31T23:59:59.999999,1",
        "u,i,2021-01-01,1",
    ]
    write_log(tmp_path, rows)
    settings = log_settings(earliest_event="2020-01-01", latest_event="2021-01-01", max_bad_share=1)
    assert bad_rows(tmp_path, settings) == [
        (2, "event_at", "is before earliest_event"),
        (5, "event_at", "is at or after latest_event"),
    ]


def test_events_of_the_future_are_quarantined_without_a_trace_of_the_clock(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,i,2024-01-01,1", "u,i,2024-01-03,1"])
    settings = log_settings(max_bad_share=0.5)
    found = [survey_log(tmp_path, settings, now=datetime(2024, 1, 2, hour)) for hour in (0, 23)]
    assert found[0].quarantine["reason"].to_list() == ["is at or after latest_event"]
    assert found[0].quarantine.equals(found[1].quarantine)
    assert found[0].load_ledger.equals(found[1].load_ledger)


NO_VALUES = [
    ("", "is empty"),
    ("  ", "is empty"),
    ("four", "is no number"),
    ("4;5", "is no number"),
    ("NaN", "is not finite"),
    ("inf", "is not finite"),
    ("-Infinity", "is not finite"),
    ("1e999", "is not finite"),
    ("0.4", "is below value_range"),
    ("5.1", "is above value_range"),
]


def test_values_that_would_poison_an_average_are_refused(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,{n},2024-01-01,{text}" for n, (text, _) in enumerate(NO_VALUES)])
    assert bad_rows(tmp_path, log_settings(max_bad_share=1, value_range=[0.5, 5])) == [
        (line, "value", reason) for line, (_, reason) in enumerate(NO_VALUES, start=2)
    ]


def test_the_ends_of_the_value_range_are_inside(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,1,2024-01-01,0.5", "u,2,2024-01-01,5", "u,3,2024-01-01, 3e0 "])
    assert accepted(tmp_path, log_settings(value_range=[0.5, 5]), "value") == [0.5, 5.0, 3.0]


def test_a_log_without_values_and_types_has_constants(tmp_path: Path) -> None:
    one_row(tmp_path)
    settings = log_settings(
        value=None, constant_event_type="it's a view", weights={"it's a view": 0.25}
    )
    assert accepted(tmp_path, settings, "event_type", "value", "weight") == [
        ("it's a view", 1.0, 0.25)
    ]


def test_types_weigh_what_is_configured_and_else_one(tmp_path: Path) -> None:
    write_log(
        tmp_path,
        ["u,1,2024-01-01,view", "u,2,2024-01-01,buy", "u,3,2024-01-01,"],
        header="user_id,item_id,event_at,kind",
    )
    settings = log_settings(value=None, event_type="kind", weights={"view": 0.2}, max_bad_share=0.4)
    assert accepted(tmp_path, settings, "event_type", "weight") == [("view", 0.2), ("buy", 1.0)]
    assert bad_rows(tmp_path, settings) == [(4, "kind", "is empty")]


STRANGE_IDS = [
    "00042",
    "42",
    "O'Brien",
    "😀",
    "a;drop table x",
    "1e5",
    "null",
    "NULL",
    " padded ",
    '""quoted""',
    "%s$1{x}",
    "ﬁ",
]


def test_string_ids_stay_as_the_source_has_them(tmp_path: Path) -> None:
    write_log(tmp_path, [f'"{user}",i,2024-01-01,{n}' for n, user in enumerate(STRANGE_IDS)])
    expected = [(user.replace('""', '"'), float(n)) for n, user in enumerate(STRANGE_IDS)]
    assert (
        sorted(accepted(tmp_path, log_settings(), "user_id", "value"), key=lambda row: row[1])
        == expected
    )


def test_integer_ids_are_whole_numbers(tmp_path: Path) -> None:
    texts = [
        "7",
        "00042",
        "+5",
        "-3",
        " 8 ",
        "9223372036854775807",
        "",
        "1.5",
        "1.0",
        "1e3",
        "0x10",
        "9223372036854775808",
        "x",
        "1 2",
    ]
    write_log(tmp_path, [f"{text},i,2024-01-01,1" for text in texts])
    settings = log_settings(user_id_type="integer", max_bad_share=1)
    assert accepted(tmp_path, settings, "user_id") == [-3, 1, 5, 7, 8, 42, 2**63 - 1]
    assert bad_rows(tmp_path, settings) == [
        (8, "user_id", "is empty"),
        *((line, "user_id", "is no whole number") for line in (9, *range(11, 16))),
    ]


def test_the_first_broken_rule_of_a_row_is_told_in_the_order_of_the_contract(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, [",,,", "u,,,", "u,i,,", "u,i,2024-01-01,"])
    assert [row[1:] for row in bad_rows(tmp_path, log_settings(max_bad_share=1))] == [
        (column, "is empty") for column in ("user_id", "item_id", "event_at", "value")
    ]


def test_column_names_of_users_are_data(tmp_path: Path) -> None:
    header = """"user ""id"";drop table x",'item',"zeit, örtlich",$value"""
    write_log(tmp_path, ["u,i,2024-01-01,1"], header=header)
    settings = log_settings(
        user_id='user "id";drop table x', item_id="'item'", event_at="zeit, örtlich", value="$value"
    )
    assert accepted(tmp_path, settings) == [("u", "i", datetime(2024, 1, 1), 1.0)]

from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import (
    accepted,
    fates,
    log_settings,
    survey_log,
    write_log,
    write_parquet,
)

NOON = "2024-01-01T12:00:00"


def rows(n: int, *, bad: int = 0) -> list[str]:
    return [f"u{index},i,{NOON},{'x' if index < bad else '1'}" for index in range(n)]


@pytest.mark.parametrize(("n_bad", "is_refused"), [(9, False), (10, False), (11, True)])
def test_the_load_is_refused_above_the_share_of_bad_rows_not_at_it(
    tmp_path: Path, n_bad: int, *, is_refused: bool
) -> None:
    write_log(tmp_path, rows(1000, bad=n_bad))
    settings = log_settings(max_bad_share=0.01)
    if not is_refused:
        assert fates(survey_log(tmp_path, settings)) == [(1000, 1000 - n_bad, n_bad, 0)]
        return
    with pytest.raises(SourceError) as refused:
        survey_log(tmp_path, settings)
    assert (
        str(refused.value)
        == "events: 11 of 1,000 rows (1.10%) cannot be used, more than ingest.max_bad_share = 0.01"
        " allows (10); nothing was loaded. Reasons: value is no number (11). First: log.csv line"
        " 2: 'u0,i,2024-01-01T12:00:00,x'; log.csv line 3: 'u1,i,2024-01-01T12:00:00,x'; log.csv"
        " line 4: 'u2,i,2024-01-01T12:00:00,x'. If they are written so: set `decimal`,"
        " `thousands`, `currency_signs`, `null_words` or `value_format: duration`. Mend the source"
        " or the column mapping, or raise ingest.max_bad_share."
    )


def test_no_bad_row_is_allowed_when_the_share_is_zero(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1000, bad=1))
    with pytest.raises(SourceError, match=r"1 of 1,000 rows \(0\.10%\)"):
        survey_log(tmp_path, log_settings(max_bad_share=0))


def test_every_kind_of_reason_is_counted(tmp_path: Path) -> None:
    write_log(tmp_path, [*rows(10, bad=2), ",i,2024-01-01,1", "short", "shorter"])
    with pytest.raises(
        SourceError,
        match=(
            r"Reasons: value is no number \(2\), user_id is empty \(1\), line has too few fields"
            r" \(2\)\."
        ),
    ):
        survey_log(tmp_path, log_settings())


def test_a_wrong_unit_is_asked_for(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,{index},{1_700_000_000 + index},1" for index in range(20)])
    with pytest.raises(
        SourceError,
        match=r"is before earliest_event \(20\).*Are timestamp_unit and timezone right\?",
    ):
        survey_log(tmp_path, log_settings(timestamp_unit="milliseconds"))


def test_one_wrong_file_among_good_ones_is_refused_even_below_the_share(tmp_path: Path) -> None:
    write_log(tmp_path, rows(100_000), name="good.csv")
    write_log(tmp_path, rows(150, bad=76), name="other.csv")
    with pytest.raises(
        SourceError,
        match=(
            r"^other\.csv: 76 of 150 rows \(50\.67%\) cannot be used, most of the file.*other\.csv"
            r" line 2"
        ),
    ):
        survey_log(tmp_path, log_settings("*.csv", duplicates="keep"))


def test_too_many_bad_parquet_rows_are_told_by_row(tmp_path: Path) -> None:
    write_parquet(
        tmp_path,
        "select 'u' as user_id, range as item_id, timestamp '2024-01-01' as event_at, 'nan'::double"
        " as value from range(5)",
    )
    with pytest.raises(
        SourceError,
        match=(
            r"value is not finite \(5\)\. First: log\.parquet line 1: '\{\"user_id\": \"u\","
            r" \"item_id\": \"0\""
        ),
    ):
        survey_log(tmp_path, log_settings("log.parquet"))


@pytest.mark.slow
@pytest.mark.parametrize("many", [0, 1])
def test_rows_equal_in_all_columns_count_once_within_and_across_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: float
) -> None:
    # 0: group everything; 1: only what shares a hash
    monkeypatch.setattr("ntg_assets.events.duplicates.MANY_REPEATED", many)
    one, two, three = (f"u,i,{NOON},{value}" for value in (1, 2, 3))
    write_log(tmp_path, [one, two, one, one], name="a.csv")
    write_log(tmp_path, [three, two, f"u,i,{NOON},2.0", f"u,i,{NOON}Z,3"], name="b.csv")
    found = survey_log(tmp_path, log_settings("*.csv"))
    assert fates(found) == [(4, 2, 0, 2), (4, 1, 0, 3)]
    assert accepted(tmp_path, log_settings("*.csv"), "value", "load_file") == [
        (1.0, 1),
        (2.0, 1),
        (3.0, 2),
    ]


def test_the_first_file_by_name_keeps_a_repeated_row_whatever_the_order_of_the_configuration(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, rows(3), name="a.csv")
    write_log(tmp_path, [*rows(3), f"other,i,{NOON},1"], name="b.csv")
    assert fates(survey_log(tmp_path, log_settings(["b.csv", "a.csv"]))) == [
        (3, 3, 0, 0),
        (4, 1, 0, 3),
    ]


def test_repeated_rows_are_kept_when_they_mean_something(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,i,{NOON},1"] * 3)
    assert fates(survey_log(tmp_path, log_settings(duplicates="keep"))) == [(3, 3, 0, 0)]
    assert accepted(tmp_path, log_settings(duplicates="keep"), "value") == [1.0, 1.0, 1.0]


def test_minus_zero_is_zero(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,i,{NOON},-0.0", f"u,j,{NOON},-0"])
    assert [str(value) for value in accepted(tmp_path, log_settings(), "value")] == ["0.0", "0.0"]


@pytest.mark.parametrize("many", [0, 1])
def test_rows_that_only_share_a_hash_are_both_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: float
) -> None:
    monkeypatch.setattr("ntg_assets.events.duplicates.MANY_REPEATED", many)
    monkeypatch.setattr(
        "ntg_assets.sources.reading.typed_rows.ROW_HASH", "cast(length(item_id) as ubigint)"
    )
    write_log(tmp_path, [f"u,i,{NOON},1", f"u,j,{NOON},1", f"u,i,{NOON},1"])
    assert fates(survey_log(tmp_path, log_settings())) == [(3, 2, 0, 1)]
    assert sorted(accepted(tmp_path, log_settings(), "item_id")) == ["i", "j"]


ITEMS = {"files": ["items.csv"], "title": "title", "categories": "genres", "no_category": ["none"]}


def write_items(home: Path, lines: list[str]) -> None:
    write_log(home, lines, name="items.csv", header="item_id,title,genres")


def test_the_item_table_gives_titles_and_categories(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_items(tmp_path, ["b,Second,Drama| Crime ||Drama", "a,,none", 'c,"Third, part ""2""",'])
    tables = survey_log(tmp_path, log_settings(items=ITEMS)).items
    assert tables.items.rows() == [
        ("a", "a", None),
        ("b", "Second", "Drama|Crime"),
        ("c", 'Third, part "2"', None),
    ]
    assert tables.item_categories.rows() == [("b", "Drama", 1, 2), ("b", "Crime", 2, 2)]


def test_a_category_without_separator_is_one(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_items(tmp_path, ["a,A,Drama|Crime"])
    tables = survey_log(tmp_path, log_settings(items={**ITEMS, "category_separator": None})).items
    assert tables.item_categories.rows() == [("a", "Drama|Crime", 1, 1)]


def test_an_item_table_of_ids_alone_is_possible(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_log(tmp_path, ["7", "", "00042"], name="items.csv", header="item_id")
    found = survey_log(tmp_path, log_settings(items={"files": ["items.csv"]}, max_bad_share=0.4))
    assert found.items.items.rows() == [("00042", "00042", None), ("7", "7", None)]
    assert found.quarantine.select("source", "load_file", "line", "reason").rows() == [
        ("items", 2, 3, "is empty")
    ]


def test_of_items_with_the_same_id_the_first_counts(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_items(tmp_path, ["a,First,", "b,B,", "a,Second,", "a,First,"])
    found = survey_log(tmp_path, log_settings(items=ITEMS, max_bad_share=0.5))
    assert found.items.items.rows() == [("a", "First", None), ("b", "B", None)]
    assert found.quarantine.select(
        "file_name", "line", "column_name", "reason", "raw_text"
    ).rows() == [
        (
            "items.csv",
            4,
            "item_id",
            "repeats an earlier item with another title or categories",
            "a,Second,",
        )
    ]
    assert fates(found) == [(1, 1, 0, 0), (4, 2, 1, 1)]


def test_too_many_bad_items_refuse_the_load(tmp_path: Path) -> None:
    write_log(tmp_path, rows(1))
    write_items(tmp_path, ["a,First,", ",B,", "a,Second,"])
    with pytest.raises(
        SourceError,
        match=(
            r"^items: 2 of 3 rows .* Reasons: item_id is empty \(1\), item_id repeats an earlier"
            r" item"
        ),
    ):
        survey_log(tmp_path, log_settings(items=ITEMS))


def test_events_of_unknown_items_are_kept_or_quarantined_as_configured(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,known,{NOON},1", f"u,unknown,{NOON},1", f"u,,{NOON},1"])
    write_items(tmp_path, ["known,K,"])
    assert fates(survey_log(tmp_path, log_settings(items=ITEMS, max_bad_share=0.7)))[0] == (
        3,
        2,
        1,
        0,
    )
    strict = survey_log(
        tmp_path, log_settings(items=ITEMS, max_bad_share=0.7, unknown_items="quarantine")
    )
    assert fates(strict)[0] == (3, 1, 2, 0)
    assert strict.quarantine.select("line", "reason").rows() == [
        (3, "is not in the item table"),
        (4, "is empty"),
    ]


def test_integer_items_match_integer_events(tmp_path: Path) -> None:
    write_log(tmp_path, [f"u,7,{NOON},1"])
    write_parquet(tmp_path, "select 7.0::double as item_id, 'Seven' as title", name="items.parquet")
    items = {"files": ["items.parquet"], "title": "title"}
    found = survey_log(
        tmp_path, log_settings(items=items, item_id_type="integer", unknown_items="quarantine")
    )
    assert (fates(found), found.items.items.rows()) == (
        [(1, 1, 0, 0), (1, 1, 0, 0)],
        [(7, "Seven", None)],
    )


def test_a_quarantined_row_has_the_same_key_under_any_file_name(tmp_path: Path) -> None:
    write_log(tmp_path, rows(2, bad=1), name="a.csv")
    write_log(tmp_path, rows(3), name="0.csv")
    before = survey_log(tmp_path, log_settings("a.csv", max_bad_share=0.5)).quarantine
    after = survey_log(tmp_path, log_settings("*.csv", max_bad_share=0.5)).quarantine
    assert before["quarantine_id"].to_list() == after["quarantine_id"].to_list()
    assert (before["load_file"].item(), after["load_file"].item()) == (1, 2)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (["u,i,31.01.2024,1"], 'Here: set `timestamp_format: "%d.%m.%Y"`.'),
        (["u,i,1706659200,1"], "Here: set `timestamp_unit: seconds`."),
        ([f'u,i,{NOON},"1,5"'], 'Here: set `decimal: ","`.'),
        (
            [f"u,i,{NOON},1"] * 9 + [f"u,i,{NOON},N/A"],
            'Here: set `null_words: ["N/A"]`',
        ),
    ],
)
def test_a_refusal_names_the_setting_that_reads_what_was_refused(
    tmp_path: Path, rows: list[str], told: str
) -> None:
    write_log(tmp_path, rows)
    with pytest.raises(SourceError) as refusal:
        survey_log(tmp_path, log_settings())
    assert told in str(refusal.value)

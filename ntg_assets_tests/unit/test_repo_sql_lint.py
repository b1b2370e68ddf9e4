"""The SQL lint: each rule fires where it should, stays silent where it should,
and can be set aside only with a reason.
"""

from pathlib import Path

import pytest

from tools.sql_lint import lint, main
from tools.sql_rules import RULES

HEADER = "-- What each user did.\n-- Grain: one row per user.\n-- Parameters: none.\n"
PARAMETRIC = HEADER.replace("none", "$cutoff_on (date)")
GOOD = f"""{HEADER}with counted as (
    select user_id, count(*) as n_events from events group by user_id
)

select user_id, n_events from counted
"""

BROKEN = {
    "header": [
        "select a from t",
        HEADER.replace("-- Parameters: none.\n", "") + "select a from t",
        HEADER + "select a from t where a < $limit",
    ],
    "reads": [
        HEADER + f"select a from {source}"
        for source in (
            "backtest.test_events",
            "'data/events.parquet'",
            "read_parquet('data/events.parquet')",
            "read_csv_auto('events.csv') as events",
            "glob('*')",
            "t where a in (select b from live.user_days)",
        )
    ],
    "lower-case": [HEADER + "SELECT a from t", HEADER + "select Amount from t"],
    "cast-syntax": [HEADER + "select a::double as a from t"],
    "columns": [
        HEADER + "select * from t",
        HEADER + "select t.* from t",
        HEADER + "select a + 1 from t",
        HEADER + "select a from t union all select * from u",
    ],
    "named-cte": [
        HEADER + "select a from (select a from t) as inner_rows",
        HEADER + "with cte1 as (select a from t) select a from cte1",
        HEADER + "with forgotten as (select a from t) select a from u",
    ],
    "function": [
        HEADER + f"select {call} as a from t"
        for call in (
            "hash(a)",
            "random()",
            "isodow(a)",
            "log(a)",
            "now()",
            "skewness(a)",
            "epoch(a)",
        )
    ],
    "holistic": [
        HEADER + f"select {call} as a from t"
        for call in (
            "median(a)",
            "count(distinct a)",
            "quantile_cont(a, 5e-1)",
            "list(a order by a)",
        )
    ],
    "float-order": [
        HEADER + f"select {call} as a from t"
        for call in (
            "avg(a)",
            "stddev_samp(a)",
            "sum(a * 5e-1)",
            "sum(a / nullif(b, 0))",
            "sum(ln(a))",
        )
    ],
    "division": [
        HEADER + f"select {ratio} as a from t"
        for ratio in ("a / b", "a / count(*)", "a / (b - 1)", "a // 2")
    ],
    "literal": [HEADER + "select a * 1.5 as a from t"],
    "date-diff": [
        HEADER + "select date_diff('day', a, b) as a from t",
        HEADER + "select date_diff('hour', cast(a as date), cast(b as date)) as a from t",
    ],
    "local-day": [
        *(
            HEADER + f"select {text} as a from t"
            for text in (
                "cast(event_at as date)",
                "cast(max(first_exposed_at) as date)",
                "try_cast(event_at as date)",
                "date_trunc('day', event_at)",
                "date_trunc('week', event_at)",
                "cast(event_at as varchar)",
                "cast(active_on as timestamp)",
            )
        ),
        HEADER
        + "with ended as (select max(event_at) as latest from t) select cast(latest as date) as a"
        " from ended",
        *(
            PARAMETRIC + f"select a from t where {text}"
            for text in (
                "event_at < cast($cutoff_on as date)",
                "event_at < $cutoff_on",
                "date '2024-01-01' <= event_at and a < $cutoff_on",
                "event_at < active_on and a < $cutoff_on",
                "a < cast($cutoff_on as timestamp)",
            )
        ),
    ],
    "integer-cast": [
        HEADER + "select cast(a * 5e-1 as bigint) as a from t",
        HEADER + "select cast('0x' || a as bigint) as a from t",
    ],
    "window-order": [
        HEADER + "select row_number() over (partition by a) as place from t",
        HEADER + "select a from t limit 3",
    ],
    "construct": [
        HEADER + "select a from t qualify row_number() over (order by a) = 1",
        HEADER + "select a, count(*) as n from t group by all",
        HEADER + "select a from t asof join u on t.a = u.a and t.b >= u.b",
        HEADER + "with fewer as (select * exclude (b) from t) select a from fewer",
    ],
    "spark": [
        HEADER
        + "select sum(a) over (order by b rows between 1 preceding and current row exclude ties)"
        " as c from t"
    ],
}

FINE = [
    "select a / nullif(b, 0) as a from t",
    "select a / (count(*) + 1e0) as a from t group by a",
    "select cast(sum(cast(round(a * 1e9) as bigint)) as double) / 1e9 as total from t",
    "select date_diff('day', date '1970-01-05', cast(a as date)) as a from t",
    (
        "select date_trunc('minute', event_at) as a, cast(event_on as date) as b, min(event_on) as"
        " c from t where event_at < ended_at"
    ),
    (
        "select a from t where event_on < until_on and event_at >= from_at - interval 1 day and"
        " cast(a as date) < until_on"
    ),
    "select row_number() over (partition by a order by b, id) as place from t",
    (
        "select case when a > 0 then 1 else 0 end as is_seen, 'Some Text -- not a comment' as told"
        " from t"
    ),
    "select a from t where a in (select b from u) order by a limit 3",
    (
        "select cast(case when a then 1 else 0 end as bigint) as n, cast(count(*) as integer) as m"
        " from t group by a"
    ),
]


def rules_of(text: str, name: str = "user_counts") -> set[str]:
    return {finding.rule for finding in lint(Path(f"{name}.sql"), text)}


def test_a_good_file_has_no_finding() -> None:
    assert lint(Path("user_counts.sql"), GOOD) == []


@pytest.mark.parametrize("text", FINE)
def test_portable_forms_are_accepted(text: str) -> None:
    assert lint(Path("user_counts.sql"), HEADER + text) == []


@pytest.mark.parametrize(
    ("rule", "text"), [(rule, text) for rule, texts in BROKEN.items() for text in texts]
)
def test_a_broken_rule_is_found(rule: str, text: str) -> None:
    assert rule in rules_of(text)


def test_every_rule_has_a_broken_example() -> None:
    assert set(BROKEN) | {"file-name"} == set(RULES)


def test_a_file_is_named_in_lower_case() -> None:
    assert rules_of(GOOD, name="UserCounts") == {"file-name"}


def test_a_file_of_the_package_is_loaded_by_some_module(tmp_path: Path) -> None:
    package = tmp_path / "ntg_assets" / "features"
    package.mkdir(parents=True)
    (package / "user_counts.sql").write_text(GOOD, encoding="utf-8")
    assert [finding.rule for finding in lint(package / "user_counts.sql", GOOD)] == ["file-name"]
    (package / "counts.py").write_text('query("features", "user_counts", {})', encoding="utf-8")
    assert lint(package / "user_counts.sql", GOOD) == []


def test_parameters_of_the_header_are_those_of_the_text() -> None:
    told = HEADER.replace("none", "$horizon_days: length of the window (days)")
    assert rules_of(f"{told}select a from t") == {"header"}
    assert rules_of(f"{told}select a from t where a < $horizon_days") == set()


@pytest.mark.parametrize(
    "text",
    [
        "create table t as select 1 as a",
        "select 1 as a; select 2 as a",
        "select 1 as a;",
        "select from where",
    ],
)
def test_only_one_select_without_semicolon_is_a_file(text: str) -> None:
    assert rules_of(HEADER + text) == {"statement"}


def test_a_finding_names_its_line() -> None:
    text = GOOD.replace("n_events from counted", "\n    n_events * 1.5 as doubled\nfrom counted")
    assert [(finding.line, finding.rule) for finding in lint(Path("user_counts.sql"), text)] == [
        (9, "literal")
    ]


def test_a_rule_is_set_aside_with_a_reason() -> None:
    text = (
        HEADER
        + "-- lint: allow holistic: a table of a few dozen rows.\nselect median(a) as middle from t"
    )
    assert rules_of(text) == set()


def test_an_allowance_without_reason_is_a_finding() -> None:
    assert rules_of(HEADER + "-- lint: allow holistic\nselect median(a) as middle from t") == {
        "allowance"
    }


def test_an_allowance_that_is_not_needed_is_a_finding() -> None:
    assert rules_of(HEADER + "-- lint: allow holistic: history.\nselect a from t") == {"allowance"}


def test_an_allowance_of_an_unknown_rule_is_a_finding() -> None:
    assert rules_of(HEADER + "-- lint: allow everything: please.\nselect a from t") == {"allowance"}


def test_the_command_prints_findings_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.sql", tmp_path / "bad.sql"
    good.write_text(GOOD, encoding="utf-8")
    bad.write_text(HEADER + "select * from t\n", encoding="utf-8")
    assert main([str(good)]) == 0
    assert main([str(good), str(bad)]) == 1
    assert f"{bad}:4: columns: list every column" in capsys.readouterr().out

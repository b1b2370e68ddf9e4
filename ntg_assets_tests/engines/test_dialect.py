"""One text in two dialects, and the types that come back; no cluster is needed."""

import pytest
from pydantic import ValidationError

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.engines.spark.dialect import converted, spark_text, spark_type
from ntg_assets.errors import EngineError, UnboundTableError

NAMES = ("events", "items")


def said(text: str, *names: str) -> str:
    return spark_text(text, names, prefix="p_", origin="a.sql")


def test_bound_tables_get_the_names_of_the_cluster_and_keep_their_own() -> None:
    text = said(
        "select events.a, i.b from Events join items as i on i.a = events.a", "events", "items"
    )
    assert (
        text == "SELECT events.a, i.b FROM p_events AS Events JOIN p_items AS i ON i.a = events.a"
    )


def test_a_step_that_is_named_like_a_table_reads_the_table_and_is_read_itself() -> None:
    text = said("with events as (select a from events where a > 0) select a from events", "events")
    assert text.count("p_events") == 1
    assert text.endswith("SELECT a FROM events")


def test_a_hint_of_what_to_keep_is_left_out() -> None:
    text = said("with a as not materialized (select b from t) select b from a", "t")
    assert text == "WITH a AS (SELECT b FROM p_t AS t) SELECT b FROM a"


def test_tables_in_conditions_are_bound_too() -> None:
    text = said(
        "select a from t where a in (select a from u) and exists (select 1 from v)", "t", "u", "v"
    )
    assert {f"p_{name}" for name in "tuv"} <= set(text.replace("(", " ").split())


@pytest.mark.parametrize("text", ["select a from t, other", "select a from s.t"])
def test_other_tables_are_refused(text: str) -> None:
    with pytest.raises(UnboundTableError, match=r"a\.sql names"):
        said(text, "t")


def test_parameters_stay_names_and_large_integers_become_decimals() -> None:
    text = said(
        "select cast(sum(cast(a as hugeint)) as double) as s from t where b >= $from_at", "t"
    )
    assert ":from_at" in text
    assert "DECIMAL(38, 0)" in text


def test_what_spark_has_no_words_for_is_refused_with_the_file() -> None:
    window = "sum(a) over (order by b rows between 1 preceding and current row exclude ties)"
    with pytest.raises(EngineError, match=r"a\.sql cannot be said in Spark's SQL: EXCLUDE"):
        said(f"select {window} as s from t", "t")


@pytest.mark.parametrize(
    ("found", "wanted", "sql"),
    [
        ("int", "int", "x"),
        ("int", "bigint", "cast(x as bigint)"),
        ("bigint", "double", "cast(x as double)"),
        ("decimal(20,0)", "decimal(38,0)", "cast(x as decimal(38,0))"),
        ("void", "string", "cast(x as string)"),
    ],
)
def test_what_loses_nothing_is_converted(found: str, wanted: str, sql: str) -> None:
    assert converted("x", found, wanted, origin="a.sql") == sql


@pytest.mark.parametrize(
    ("found", "wanted"),
    [("bigint", "int"), ("double", "bigint"), ("timestamp", "timestamp_ntz"), ("string", "date")],
)
def test_what_could_lose_a_value_is_refused(found: str, wanted: str) -> None:
    with pytest.raises(EngineError, match="the two engines read the text differently"):
        converted("x", found, wanted, origin="a.sql")


def test_a_type_without_a_counterpart_is_refused_with_its_column() -> None:
    assert spark_type("TIMESTAMP", column="at", origin="a.sql") == "timestamp_ntz"
    with pytest.raises(EngineError, match=r"a\.sql: column tags is VARCHAR\[\]"):
        spark_type("VARCHAR[]", column="tags", origin="a.sql")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"kind": "spark"}, "remote is missing"),
        ({"kind": "spark", "remote": "sc://h:1"}, "storage is missing"),
        ({"remote": "http://h"}, "must begin with sc://"),
        ({"remote": "sc://h:443/;token=x"}, "SPARK_CONNECT_AUTHENTICATE_TOKEN"),
        ({"storage": "s3://bucket/ntg"}, "mount the bucket"),
        ({"storage": "tables"}, "must be an absolute path"),
        ({"patience_minutes": 0}, "greater than 0"),
        ({"workers_see_files": True}, "kind: duckdb has no workers"),
    ],
)
def test_settings_that_name_no_cluster_are_refused(given: dict[str, object], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        EngineSettings.model_validate(given)

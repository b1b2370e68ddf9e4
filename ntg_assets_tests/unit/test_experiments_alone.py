"""Experiments decided by themselves: a table of units, aggregates, logs; and what is refused."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets.configuration.settings import load_settings
from ntg_assets.errors import SourceError
from ntg_assets.experiments.alone import conclude_aggregates, conclude_logs, conclude_units
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.experiments.health import aa_tests
from ntg_assets.history.forgets import Forgotten, hash_id
from ntg_assets.sources.sources import Place
from ntg_assets.statistics import library as st
from ntg_assets_tests.trials import trial, write_logs

SETTINGS = load_settings()


@pytest.fixture(autouse=True)
def _few_repetitions(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Re-assign less often where no test looks at the self-tests."""
    if "self_tests" not in request.node.name:
        monkeypatch.setattr(aa_tests, "REPETITIONS", 40)
        monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 40)


METRICS = [
    {"name": "revenue", "kind": "revenue"},
    {"name": "bought", "kind": "proportion", "measure": "any"},
    {"name": "order_value", "kind": "ratio", "denominator": "events"},
    {"name": "top", "kind": "quantile"},
]


def experiment(**changes: Any) -> Any:
    known = {"metrics": METRICS, "planned_units": 400, "source": {"pre_period_days": 28}}
    return trial(**(known | changes))


def units(n: int = 400, *, lift: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(3)
    is_b = np.arange(n) % 2 == 1
    before = rng.gamma(4, 2, n)
    return pl.DataFrame(
        {
            "unit_id": [f"u{place}" for place in range(n)],
            "arm": np.where(is_b, "b", "a"),
            "segment": np.where(np.arange(n) % 3 == 0, "at", "de"),
            "revenue": before + rng.gamma(1, 1, n) + lift * is_b,
            "revenue_before": before,
            "bought": rng.integers(0, 2, n),
            "order_value": rng.gamma(2, 3, n),
            "order_value_denominator": rng.integers(1, 5, n),
            "top": np.round(rng.gamma(2, 3, n)),
        }
    )


def by_metric(readouts: pl.DataFrame) -> dict[str, dict[str, Any]]:
    return {
        row["metric"]: row
        for row in readouts.filter(pl.col("comparison") == "between users").iter_rows(named=True)
    }


def test_a_table_of_units_leads_to_a_decision_whose_receipt_replays() -> None:
    rows = units()
    made = conclude_units(experiment(), rows, SETTINGS).tables
    found = by_metric(made["readouts"])
    arms = [rows.filter(pl.col("arm") == arm) for arm in "ab"]
    moments = [
        st.moments_from_values(
            arm["revenue"].to_numpy(), covariate=arm["revenue_before"].to_numpy()
        )
        for arm in arms
    ]
    expected = st.compare_means(*st.adjusted_samples(moments))
    assert found["revenue"]["difference"] == pytest.approx(expected.difference, abs=1e-5)
    assert found["revenue"]["p"] == pytest.approx(expected.p, rel=1e-4)
    assert found["revenue"]["method"] == "Welch t, CUPED"
    assert found["top"]["method"] == "mid-ranks of the 0.9 quantile"
    assert found["bought"]["mean_control"] == pytest.approx(arms[0]["bought"].mean())
    decision = made["decisions"].row(0, named=True)
    assert decision["decision"] == "rollout"
    assert replay(json.loads(decision["receipt"]))["in_force"] == "rollout"
    assert set(made["segment_effects"]["segment"]) == {"at", "de"}
    assert "A/A" in set(made["self_tests"]["test"])


def test_the_past_of_a_metric_beside_the_primary_one_must_not_differ_either() -> None:
    is_b = pl.col("arm") == "b"
    rows = units().with_columns(other=pl.col("revenue"), other_before=pl.col("revenue") + 9 * is_b)
    metrics = [METRICS[0], {"name": "other"}]
    made = conclude_units(experiment(metrics=metrics, guardrails=[]), rows, SETTINGS).tables
    checks = {row["check"]: row for row in made["health_checks"].iter_rows(named=True)}
    assert checks["pre_period_balance:b"]["verdict"] == "healthy"
    found = checks["pre_period_balance:other:b"]
    arms = [rows.filter(pl.col("arm") == arm)["other_before"].to_numpy() for arm in "ab"]
    expected = st.compare_with_one_variance(*(st.sample_from_values(one) for one in arms)).p
    assert found["value"] == pytest.approx(expected, rel=1e-3)
    assert (found["verdict"], found["metric"]) == ("sick", "other")
    told = by_metric(made["readouts"])
    assert told["other"]["verdict"].startswith("no claim (sick): other before the experiment")
    assert told["revenue"]["verdict"] == "higher than the control"


def test_aggregates_say_what_the_units_say() -> None:
    rows = units()
    one = experiment(metrics=[METRICS[0]], source={"pre_period_days": 0})
    table = (
        rows.group_by("arm", pl.col("unit_id").str.len_chars().alias("day"))
        .agg(
            metric=pl.lit("revenue"),
            n=pl.len(),
            mean=pl.col("revenue").mean(),
            variance=pl.col("revenue").var(),
        )
        .sort("arm", "day")
    )
    found = by_metric(conclude_aggregates(one, table, SETTINGS).tables["readouts"])["revenue"]
    plain = st.compare_means(
        *(
            st.sample_from_values(rows.filter(pl.col("arm") == arm)["revenue"].to_numpy())
            for arm in "ab"
        )
    )
    assert (found["n_control"], found["n_treatment"]) == (200, 200)  # days add up
    assert found["difference"] == pytest.approx(plain.difference, abs=1e-5)
    assert found["standard_error"] == pytest.approx(plain.standard_error, rel=1e-5)


@pytest.mark.slow
def test_experiments_on_their_own_logs_need_no_run_and_a_broken_one_stops_alone(
    tmp_path: Path,
) -> None:
    start = datetime(2026, 1, 5)
    seen = [(unit, "ab"[unit % 2], start + timedelta(days=unit % 21)) for unit in range(200)]
    did: list[tuple[Any, ...]] = [("other", start + timedelta(days=60), "buy", 0)]
    rng = np.random.default_rng(1)
    did += [
        (unit, at + timedelta(days=2), "buy", round(rng.gamma(9, 1) + 3 * (arm == "b"), 2))
        for unit, arm, at in seen
    ]
    write_logs(tmp_path, seen=seen, did=did)
    good = trial(planned_units=200).model_dump(mode="json")
    broken = good | {"id": "broken"}
    broken = json.loads(json.dumps(broken).replace("seen.csv", "nowhere.csv"))
    inside = good | {"id": "inside", "source": good["source"] | {"outcomes": None}}
    programme = ExperimentsSettings.model_validate({"definitions": [good, broken, inside]})
    settings = SETTINGS.model_copy(update={"experiments": programme})
    found = conclude_logs(settings, place=Place(tmp_path), now=datetime(2026, 12, 31))
    assert found.tables["decisions"]["experiment"].to_list() == ["trial"]
    assert found.tables["decisions"]["decision"].to_list() == ["rollout"]
    gone = Forgotten(b"key", frozenset({hash_id(b"key", "8", "string")}), "string")
    one = SETTINGS.model_copy(
        update={"experiments": ExperimentsSettings(definitions=[trial(planned_units=199)])}
    )
    without = conclude_logs(one, place=Place(tmp_path, forgotten=gone), now=datetime(2026, 12, 31))
    numbers = [made.tables["readouts"]["n_control"][0] for made in (found, without)]
    assert numbers == [100, 99]  # unit 8 stood in arm a
    assert "nowhere.csv" in found.left_out["broken"]
    assert "`ntg run-all` decides it" in found.left_out["inside"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows.drop("arm"), "has no column 'arm'"),
        (lambda rows: rows.drop("top"), "has no column 'top'"),
        (
            lambda rows: rows.drop("order_value_denominator"),
            "has no column 'order_value_denominator'",
        ),
        (
            lambda rows: rows.with_columns(arm=pl.lit("c")),
            r"400 of 400 rows are of an arm that trial does not have \(first: 'c'\); it has a, b",
        ),
        (
            lambda rows: pl.concat([rows, rows.head(2)]),
            r"4 of 402 rows are of a unit that stands in its arm more than once \(first: u0\)",
        ),
        (
            lambda rows: rows.with_columns(revenue=pl.lit("much")),
            r"column 'revenue' holds no numbers: 400 of 400 values are none \(first: 'much'\)",
        ),
        (
            lambda rows: rows.with_columns(
                unit_id=pl.when(pl.col("unit_id") == "u7").then(None).otherwise("unit_id")
            ),
            "1 of 400 rows of the unit table have no unit_id",
        ),
    ],
)
def test_a_table_that_cannot_be_one_of_units_is_refused(change: Any, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        conclude_units(experiment(), change(units()), SETTINGS)


def test_a_unit_in_two_arms_is_in_none_and_counted() -> None:
    rows = units(400)
    both = pl.concat([rows, rows.head(20).with_columns(arm=pl.lit("b"))]).unique(
        ["unit_id", "arm"], maintain_order=True
    )
    made = conclude_units(experiment(planned_units=380), both, SETTINGS).tables
    checks = {row["check"]: row for row in made["health_checks"].iter_rows(named=True)}
    assert checks["one_arm_per_unit"]["verdict"] == "sick"
    assert by_metric(made["readouts"])["revenue"]["n_control"] == 190


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"arm": ["a"], "metric": ["revenue"], "n": [5]}, "aggregates have no column 'mean'"),
        (
            {"arm": ["a"], "metric": ["other"], "n": [5], "mean": [1.0], "variance": [1.0]},
            "no rows of metric 'revenue'",
        ),
        (
            {"arm": ["a"], "metric": ["revenue"], "n": [5], "mean": [1.0], "variance": [-1.0]},
            "variance -1.0 cannot be",
        ),
    ],
)
def test_aggregates_that_cannot_be_are_refused(rows: dict[str, Any], told: str) -> None:
    with pytest.raises(SourceError, match=told):
        conclude_aggregates(experiment(metrics=[METRICS[0]]), pl.DataFrame(rows), SETTINGS)
    quantiles = experiment(metrics=[METRICS[0], METRICS[3]])
    good = pl.DataFrame(
        {"arm": ["a"], "metric": ["revenue"], "n": [5], "mean": [1.0], "variance": [1.0]}
    )
    with pytest.raises(SourceError, match="top is a quantile, which counts"):
        conclude_aggregates(quantiles, good, SETTINGS)


def test_units_without_a_past_count_at_its_mean_and_are_said() -> None:
    rows = units().with_columns(
        revenue_before=pl.when(pl.int_range(400) < 30).then(None).otherwise("revenue_before")
    )
    made = conclude_units(experiment(), rows, SETTINGS).tables
    filled = rows.with_columns(pl.col("revenue_before").fill_null(strategy="mean"))
    expected = by_metric(conclude_units(experiment(), filled, SETTINGS).tables["readouts"])
    assert by_metric(made["readouts"])["revenue"]["p"] == expected["revenue"]["p"]
    told = made["health_checks"].filter(check="past_of_every_unit:revenue").row(0, named=True)
    assert told["verdict"] == "warning"
    assert told["sentence"].startswith("30 of 400 units have no revenue before the experiment")
    assert replay(json.loads(made["decisions"]["receipt"][0]))["in_force"] == "rollout"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bought": pl.lit(50)}, "bought is a proportion.*400 of 400 values are neither"),
        ({"unit_id": pl.col("unit_id").replace("u3", "u2 ")}, "differ .* only in spaces"),
        ({"revenue": pl.col("revenue") * 1e-9}, "smaller than half a millionth"),
        ({"revenue": pl.col("revenue").cast(pl.String)}, "holds no numbers: it is text"),
    ],
)
def test_values_that_would_be_read_as_others_are_refused(change: Any, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        conclude_units(experiment(), units().with_columns(**change), SETTINGS)


@pytest.mark.parametrize(
    "change",
    [
        pl.when(pl.int_range(400) < 50).then("order_value_denominator"),
        -pl.col("order_value_denominator"),
    ],
    ids=["missing", "below zero"],
)
def test_a_ratio_over_what_cannot_be_is_sick(change: pl.Expr) -> None:
    rows = units().with_columns(order_value_denominator=change)
    checks = conclude_units(experiment(), rows, SETTINGS).tables["health_checks"]
    assert checks.filter(check="complete_values:order_value")["verdict"].item() == "sick"


CELLS = [{"arm": arm, "metric": "bought", "n": 200, "mean": 0.4, "variance": 0.24} for arm in "ab"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([*CELLS, CELLS[0]], "2 of 3 rows are equal to another one"),
        ([one | {"n": 1.5} for one in CELLS], "n is no whole number of units"),
        ([one | {"n": "200"} for one in CELLS], "n holds no numbers"),
        ([one | {"mean": 40.0} for one in CELLS], "no share of units"),
    ],
)
def test_cells_that_would_be_read_as_others_are_refused(rows: list[Any], told: str) -> None:
    one = experiment(
        metrics=[{"name": "bought", "kind": "proportion", "measure": "any"}],
        primary_metric="bought",
    )
    with pytest.raises(SourceError, match=told):
        conclude_aggregates(one, pl.DataFrame(rows), SETTINGS)


def by_days(*, skew: int = 0) -> pl.DataFrame:
    """Aggregates of ten days; b gains 2 in the first seven and nothing after."""
    return pl.DataFrame(
        [
            {
                "arm": arm,
                "metric": "revenue",
                "day": f"2026-01-{5 + day:02}",
                "n": 100 + (skew if (day, arm) == (3, "b") else 0),
                "mean": 10.0 + 2 * (arm == "b" and day < 7),  # a week
                "variance": 9.0,
            }
            for arm in "ab"
            for day in range(10)
        ]
    )


def test_aggregates_by_day_tell_effects_by_week_and_day_and_a_day_that_went_wrong() -> None:
    one = experiment(metrics=[{"name": "revenue"}])
    made = conclude_aggregates(one, by_days(), SETTINGS).tables
    weeks, days = (
        made["effect_by_cohort"].filter(cohort_kind=kind).to_dicts() for kind in ("week", "day")
    )
    assert [row["difference"] for row in weeks] == pytest.approx([2, 0])
    assert [row["n_control"] for row in weeks] == [700, 300]
    assert weeks[0]["p_cohorts_alike"] < 1e-9
    assert [row["cohort"] for row in days] == [f"2026-01-{day:02}" for day in range(5, 15)]
    first = st.compare_means(st.Sample(100, 10, 9), st.Sample(100, 12, 9))
    assert days[0]["difference_low"] == pytest.approx(first.low, abs=1e-3)
    odd = conclude_aggregates(one, by_days(skew=80), SETTINGS).tables["health_checks"]
    told = odd.filter(check="sample_ratio_by_day").row(0, named=True)
    assert told["verdict"] == "warning"
    assert "2026-01-08 (100 : 180" in told["sentence"]
    odd_days = by_days().with_columns(day="day " + pl.col("day"))
    with pytest.raises(SourceError, match="20 of 20 rows of revenue have no day"):
        conclude_aggregates(one, odd_days, SETTINGS)

"""What a metric may say of itself, and that every part of it reaches the numbers."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from ntg_assets.configuration.experiments.metrics import MetricSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings, ExperimentsSettings
from ntg_assets.experiments.data import log_tables, summed_tables
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.readout.readouts import read_out
from ntg_assets.statistics import metric_kinds
from ntg_assets.statistics.from_values import moments_from_values, sample_from_values
from ntg_assets.statistics.metric_kinds import KINDS, Arm, Compared, MetricKind, Terms
from ntg_assets.statistics.moments import sums_of
from ntg_assets.statistics.quantiles import mid_quantiles
from ntg_assets.statistics.skewness import Shape, compare_skewed
from ntg_assets.statistics.two_samples import compare_means, pooled_variance
from ntg_assets.storage.run import run
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.trials import conclude, trial, write_logs
from ntg_assets_tests.unit.test_experiments_order_statistics import units

START = datetime(2026, 1, 5)
SOURCE = {"kind": "log", "exposures": {"files": ["seen.csv"]}}

KIND_VECTORS_FILE = Path(__file__).parents[1] / "golden" / "metric_kind_vectors.json"
KIND_VECTORS = json.loads(KIND_VECTORS_FILE.read_text(encoding="utf-8"))


def metric(**fields: Any) -> MetricSettings:
    return MetricSettings.model_validate({"name": "spend", **fields})


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"kind": "median"}, "no kind of metric is called 'median'; known: mean, proportion"),
        ({"kind": "ratio"}, "a ratio needs a denominator"),
        ({"denominator": "events"}, "a mean has no denominator"),
        (
            {"kind": "retention", "measure": "value"},
            "a retention needs measure 'any', found 'value'",
        ),
        ({"kind": "quantile", "winsorise_at": 0.9}, "a quantile cannot be winsorised; mean, reve"),
        ({"kind": "revenue", "unit": "share"}, "a revenue is a money, not a share"),
        ({"unit": "money", "measure": "events"}, "amounts of money need measure 'value'"),
        ({"currency": "EUR"}, "a currency needs a metric of money"),
        ({"min_value": 5, "max_value": 2}, "min_value 5.0 is above max_value 2.0"),
        ({"from_day": 7, "window_days": 7}, "its window ends on day 7, before it begins"),
        ({"margin": 1, "relative_margin": 0.1}, "margin and relative_margin are both given"),
        ({"min_valeu": 5}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_refused_in_words(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        metric(**fields)


def test_a_kind_is_one_class_that_its_file_registers() -> None:
    assert set(KINDS) == {module.name for module in iter_modules(metric_kinds.__path__)} - {"kind"}
    for name, kind in KINDS.items():
        assert type(kind).__module__ == f"ntg_assets.statistics.metric_kinds.{name}"


def arms_of(vector: dict[str, Any], kind: MetricKind) -> list[Arm]:
    values = [
        arm.get("values") or [1] * arm["successes"] + [0] * (arm["n"] - arm["successes"])
        for arm in vector["arms"]
    ]
    if kind.reads_ranks:
        return [Arm(ranks=ranks) for ranks in mid_quantiles(values, Terms().quantile)]
    below = [arm.get("denominators") for arm in vector["arms"]]
    return [
        Arm(moments=moments_from_values(own, denominator=under))
        for own, under in zip(values, below, strict=True)
    ]


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_is_held_against_an_outside_figure(name: str) -> None:
    vectors = [vector for vector in KIND_VECTORS if vector["kind"] == name]
    assert vectors, f"{name} has no vector in golden/{KIND_VECTORS_FILE.name}; add one"
    for vector in vectors:
        difference, *_ = KINDS[name].compare(arms_of(vector, KINDS[name]), Terms()).differences
        for field, expected in vector["expected"].items():
            assert getattr(difference, field) == pytest.approx(expected, rel=1e-7)


def test_a_new_kind_can_be_configured_and_compared_by_being_defined() -> None:
    class Smallest(MetricKind):
        name = "smallest"

        def compare(self, arms: Any, terms: Terms) -> Compared:  # noqa: ARG002
            return Compared([], [], "never")

    try:
        assert metric(kind="smallest").how.compare([Arm()], Terms()).method == "never"
        with pytest.raises(TypeError, match="two kinds of metric are called 'smallest'"):
            type("Other", (Smallest,), {"name": "smallest"})
    finally:
        del KINDS["smallest"]


def catalogued(*wanted: Any, **more: Any) -> ExperimentSettings:
    one = trial(metrics=[{"name": "other"}], primary_metric="other").model_dump(mode="json")
    one |= {"metrics": list(wanted), "primary_metric": "spend", **more}
    programme = ExperimentsSettings.model_validate(
        {
            "metrics": [
                {"name": "spend", "kind": "revenue", "currency": "EUR"},
                {"name": "complaints", "better": "less", "relative_margin": 0.1},
            ],
            "definitions": [one],
        }
    )
    return programme.definitions[0]


def test_experiments_share_the_metrics_of_a_catalogue_by_name() -> None:
    one = catalogued("spend", "complaints", guardrails=[{"metric": "complaints"}])
    assert [found.kind for found in one.measured] == ["revenue", "mean"]
    assert one.guarded[0].relative_margin == 0.1
    assert one.effect_in_question("complaints", baseline=20.0) == pytest.approx(0.1 * 20)
    with pytest.raises(ValidationError, match="has no 'spent'; it has spend, complaints"):
        catalogued("spent")
    with pytest.raises(ValidationError, match="guardrail spend needs a margin"):
        catalogued("spend", "complaints", guardrails=[{"metric": "spend"}])
    with pytest.raises(ValidationError, match="two metrics are called 'spend'"):
        ExperimentsSettings.model_validate(
            {"metrics": [{"name": "spend"}, {"name": "spend"}], "definitions": []}
        )


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"categories": ["books"]}, "only the interaction log knows"),
        ({"window_days": 15}, "looks at 15 days, and the source's window has 14"),
    ],
)
def test_what_its_source_cannot_answer_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        trial(metrics=[{"name": "revenue", "kind": "revenue", **changes}])


FILTERED = [
    {"name": "revenue", "kind": "revenue"},
    {"name": "large", "min_value": 5.0},
    {"name": "small", "max_value": 5.0},
    {"name": "soon", "window_days": 3},
    {"name": "later", "from_day": 3},
    {"name": "large_buys", "measure": "events", "min_value": 5.0, "event_types": ["buy"]},
]


@pytest.mark.slow
def test_filters_on_value_and_window_reach_the_sums(tmp_path: Path) -> None:
    seen = [(unit, "ab"[unit % 2], START + timedelta(days=unit)) for unit in range(20)]
    did: list[tuple[Any, ...]] = [("other", START + timedelta(days=60), "buy", 0)]
    for unit, _, at in seen:
        did += [
            (unit, at + timedelta(days=1), "buy", 2 + unit % 3),
            (unit, at + timedelta(days=2), "rent", 5),
            (unit, at + timedelta(days=6), "buy", 10 + unit % 5),
        ]
    write_logs(tmp_path, seen=seen, did=did)
    found = conclude(trial(metrics=FILTERED, planned_units=20), tmp_path).readouts
    a = [unit for unit in range(20) if unit % 2 == 0]
    expected = {
        "revenue": np.mean([2 + u % 3 + 5 + 10 + u % 5 for u in a]),
        "large": np.mean([5 + 10 + u % 5 for u in a]),
        "small": np.mean([2 + u % 3 + 5 for u in a]),
        "soon": np.mean([2 + u % 3 + 5 for u in a]),
        "later": np.mean([10 + u % 5 for u in a]),
    }
    for name, value in expected.items():
        assert found[name]["mean_control"] == pytest.approx(value), name
    # every unit has just one: nothing varies, and that is said
    assert found["large_buys"]["verdict"].startswith("no result: every unit has the same value")


def test_only_events_with_items_of_the_categories_count() -> None:
    one = ExperimentSettings.model_validate(
        {
            "id": "trial",
            "hypothesis": "More books are read.",
            "owner": "science",
            "arms": [{"name": "a"}, {"name": "b"}],
            "source": SOURCE | {"window_days": 14, "pre_period_days": 0},
            "metrics": [
                {"name": "books", "categories": ["book", "novel"]},
                {"name": "all"},
            ],
            "primary_metric": "books",
            "planned_units": 4,
        }
    )
    log = pl.DataFrame(
        {
            "experiment": ["trial"],
            "unit_id": ["1"],
            "arm": ["a"],
            "source": ["observed"],
            "segment": ["all"],
            "first_exposed_at": [START],
            "last_exposed_at": [START],
            "n_exposures": [1],
            "pre_start_at": [START],
            "window_end_at": [START + timedelta(days=14)],
            "uses_interaction_log": [True],
            "assigned_by": ["log"],
            "first_exposed_on": [START.date()],
            "last_exposed_on": [START.date()],
            "cluster_id": pl.Series([None], dtype=pl.String),
        }
    )
    days = [START + timedelta(days=day) for day in (1, 2, 3, 40)]
    events = pl.DataFrame(
        {
            "user_id": [1, 1, 1, 2],
            "item_id": [7, 8, 9, 9],
            "event_at": days,
            "event_on": [day.date() for day in days],
            "event_type": ["view"] * 4,
            "value": [1.0, 10.0, 100.0, 0.0],
        }
    )
    categories = pl.DataFrame(
        {"item_id": [7, 7, 8, 9], "category": ["book", "novel", "toy", "novel"]}
    )
    found = run(
        log_tables.log_unit_metrics(
            log, events=events, definitions=[one], item_categories=categories
        )
    )
    # item 7 is of both categories and counts once
    assert dict(found.select("metric", "value").iter_rows()) == {"books": 101.0, "all": 111.0}


def test_values_may_be_cut_at_the_lower_end_too() -> None:
    one = trial(
        metrics=[{"name": "spend", "winsorise_at": 0.9, "winsorise_below": 0.2}],
        primary_metric="spend",
        id="checkout",
    )
    values = [-900.0, -5.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 800.0]
    found = run(summed_tables.metric_sums(units("spend", a=values), definitions=[one]))
    sums = sums_of(found.row(0, named=True))
    # value number ceil(10 * 0.2) = 2 and number ceil(10 * 0.9) = 9
    assert sums.first["value"] == 10**6 * (-5 - 5 + 1 + 2 + 3 + 4 + 5 + 6 + 7 + 7)
    assert sums.n_nonzero == 10


@pytest.mark.slow
def test_a_relative_margin_is_held_against_the_relative_interval(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    seen = [(unit, "ab"[unit % 2], START + timedelta(days=21 * unit / 800)) for unit in range(800)]
    did: list[tuple[Any, ...]] = [("other", START + timedelta(days=60), "buy", 0)]
    for unit, arm, at in seen:
        did.append((unit, at + timedelta(days=1), "buy", round(rng.gamma(9, 1) + (arm == "b"), 2)))
        did.append((unit, at + timedelta(days=2), "rent", round(float(rng.gamma(9, 1)), 2)))
    write_logs(tmp_path, seen=seen, did=did)

    def gate(margin: float) -> tuple[str, str]:
        found = conclude(
            trial(
                metrics=[
                    {"name": "revenue", "kind": "revenue", "event_types": ["buy"]},
                    {"name": "rents", "event_types": ["rent"], "relative_margin": margin},
                ],
                guardrails=[{"metric": "rents"}],
                planned_units=800,
            ),
            tmp_path,
        )
        return found.decision["decision"], found.decision["sentence"]

    assert gate(0.1)[0] == "rollout"
    decision, sentence = gate(0.001)
    assert decision == "iterate"
    assert "% to " in sentence
    assert "a harmless drop of 0.001 of the control: harm not excluded" in sentence


def test_the_power_of_each_metric_grows_with_the_number_of_guardrails() -> None:
    def power(n: int) -> float:
        names = [f"g{place}" for place in range(n)]
        metrics = [{"name": name} for name in ("spend", *names)]
        one = trial(
            metrics=metrics,
            primary_metric="spend",
            guardrails=[{"metric": name, "margin": 1} for name in names],
            power=0.8,
        )
        return one.power_of_each

    assert [power(n) for n in (0, 1, 3)] == pytest.approx([1 - 0.2, 1 - 0.2 / 2, 1 - 0.2 / 4])


def test_skewed_values_in_unequal_arms_are_compared_with_one_variance() -> None:
    rng = np.random.default_rng(5)
    control, treatment = (sample_from_values(rng.lognormal(0, 1.5, n)) for n in (2_000, 100))
    skewed = [Shape(2_000, 12.0, 300.0), Shape(100, 5.0, 40.0)]
    found = compare_skewed(control, treatment, shapes=skewed)
    assert found.is_corrected
    # the larger arm's own error, and one variance in the smaller one
    error = control.variance / 2_000 + pooled_variance(control, treatment) / 100
    assert found.difference.standard_error == pytest.approx(error**0.5)
    assert (found.difference.p < 0.05) == (not found.difference.low <= 0 <= found.difference.high)
    for shapes in ([Shape(2_000, 0.1, 3.0), Shape(100, 0.0, 3.0)], [None, None]):
        plain = compare_skewed(control, treatment, shapes=shapes)
        assert plain.difference == compare_means(control, treatment)
    # variances that chance cannot explain stay apart
    apart = [Shape(2_000, 12.0, 3.0), Shape(100, 5.0, 3.0)]
    wide = sample_from_values(rng.normal(0, 90, 100))
    assert not compare_skewed(control, wide, shapes=apart).is_corrected


def test_all_treatments_together_are_held_against_the_control() -> None:
    rng = np.random.default_rng(6)
    values = {"a": rng.normal(10, 1, 200), "b": rng.normal(11, 1, 150), "c": rng.normal(12, 1, 50)}
    one = trial(
        arms=[{"name": name} for name in values],
        planned_units=None,
        source={"assigned_at_once": True},
        pool_treatments=True,
    )
    given = Evidence(
        traffic={
            arm: ArmTraffic(1.0, len(x), len(x), 0, 0, None, None) for arm, x in values.items()
        },
        sums={("between users", "revenue", arm, "all"): sums(x) for arm, x in values.items()},
    )
    found = {row.arm: row for row in read_out(one, given, [])}
    expected = compare_means(
        sample_from_values(values["a"]),
        sample_from_values(np.concatenate([values["b"], values["c"]])),
    )
    together = found["all treatments"]
    assert (together.role, together.n_treatment) == ("pooled", 200)
    assert together.difference == pytest.approx(expected.difference, abs=1e-5)
    assert together.p == pytest.approx(expected.p, rel=1e-3)
    plain = one.model_copy(update={"pool_treatments": False})
    assert "all treatments" not in {row.arm for row in read_out(plain, given, [])}

"""The self-tests put what is in force to the test: the same estimator, arm sizes and covariate, on
the experiment's own units; where its level fails, the claim is withheld.
"""

from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.experiments import results
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.level import Level, level_of
from ntg_assets.experiments.decision.receipts import evaluate, make_receipt, replay
from ntg_assets.statistics.skewness import Skewed
from ntg_assets.statistics.two_samples import compare_means
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.trials import trial

ORDINARY = np.random.default_rng(1).gamma(2, 1, 2_000)


def units(values: Any, sizes: tuple[int, ...], **columns: Any) -> pl.DataFrame:
    arms = [name for name, n in zip("abc", sizes, strict=False) for _ in range(n)]
    known = {
        "experiment": "trial",
        "metric": "revenue",
        "unit_id": [f"{n:06}" for n in range(len(arms))],
        "arm": arms,
        "value": values,
    }
    frame = pl.DataFrame(known | columns)
    absent = {"denominator", "covariate", "covariate_denominator"} - set(columns)
    return frame.with_columns(**{name: pl.lit(None, dtype=pl.Float64) for name in absent})


def outcome_of(given: pl.DataFrame, **changes: Any) -> dict[str, dict[str, Any]]:
    metric = {"name": "revenue"} | changes.pop("metric", {})
    one = trial(metrics=[metric], **changes)
    found = check_frame(results.self_tests([one], given, seed=7), contract_of("self_tests"))
    return {row["test"]: row for row in found.iter_rows(named=True)}


@pytest.mark.slow
def test_on_many_ordinary_values_every_promise_is_kept() -> None:
    found = outcome_of(units(ORDINARY, (1_000, 1_000)))
    assert set(found) == {"A/A", "coverage", "power", "largest values: b"}
    assert all(row["is_kept"] for row in found.values())
    assert found["A/A"]["uniform_p"] > 0.001


@pytest.mark.slow
@pytest.mark.parametrize(
    ("metric", "columns"),
    [
        ({"kind": "quantile"}, {}),
        ({"kind": "ratio", "denominator": "events"}, {"denominator": ORDINARY + 3}),
        ({}, {"covariate": ORDINARY + 1, "covariate_denominator": np.ones(2_000)}),
    ],
)
def test_quantiles_ratios_and_covariates_are_tested_too(
    metric: dict[str, Any], columns: dict[str, Any]
) -> None:
    rng = np.random.default_rng(2)
    noise = ORDINARY + rng.normal(0, 1, 2_000)
    found = outcome_of(units(noise, (1_000, 1_000), **columns), metric=metric)
    assert found["A/A"]["is_kept"]
    assert found["A/A"]["n_units"] == 2_000


@pytest.mark.slow
def test_several_treatments_are_tested_together() -> None:
    arms = [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    found = outcome_of(units(ORDINARY, (1_000, 500, 500)), arms=arms)
    assert found["A/A"]["is_kept"]
    assert found["A/A"]["uniform_p"] is None  # the smallest of two p-values is not uniform


@pytest.mark.slow
def test_the_estimator_that_is_tested_is_the_one_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skewed values in unequal arms: what is in force keeps its level, Welch alone does not."""
    skewed = np.random.default_rng(3).lognormal(0, 1.5, 2_150)
    given = units(skewed, (2_000, 150))
    assert not level(outcome_of(given)).is_broken(reads_ranks=False)
    monkeypatch.setattr(
        "ntg_assets.statistics.metric_kinds.mean.compare_skewed",
        lambda a, b, **options: Skewed(
            compare_means(a, b, confidence=options["confidence"]), is_corrected=False
        ),
    )
    assert level(outcome_of(given)).is_broken(reads_ranks=False)


def level(found: dict[str, dict[str, Any]]) -> Level:
    return level_of(found["A/A"])


def test_the_same_seed_gives_the_same_table() -> None:
    values = np.random.default_rng(2).normal(3, 1, 200)
    assert outcome_of(units(values, (100, 100))) == outcome_of(units(values, (100, 100)))


def test_values_that_do_not_vary_are_not_tested() -> None:
    assert outcome_of(units(np.ones(100), (50, 50))) == {}


def evidence(found_level: Level) -> Evidence:
    rng = np.random.default_rng(4)
    arms = {"a": rng.normal(10, 1, 200), "b": rng.normal(11, 1, 200)}
    return Evidence(
        traffic={arm: ArmTraffic(1.0, 200, 200, 0, 0, None, None) for arm in arms},
        sums={("between users", "revenue", arm, "all"): sums(x) for arm, x in arms.items()},
        levels={"revenue": found_level},
    )


def definition() -> ExperimentSettings:
    source = {"assigned_at_once": True}
    return trial(planned_units=None, source=source, minimum_effect=0.5)


@pytest.mark.parametrize(
    ("found_level", "verdict", "decision"),
    [
        (Level(0.05, 0.055, 1_000, 400), "healthy", "rollout"),
        (Level(0.05, 0.18, 1_000, 400), "sick", "iterate"),
        (Level(0.05, 0.18, 1_000, 300), "warning", "rollout"),  # of a part of the units
        (Level(0.05, 0.01, 1_000, 400), "healthy", "rollout"),  # too careful claims nothing false
    ],
)
def test_where_the_level_fails_the_claim_is_withheld_and_says_why(
    found_level: Level, verdict: str, decision: str
) -> None:
    one, given = definition(), evidence(found_level)
    checks, readouts, made = evaluate(one, given)
    found = next(check for check in checks if check.check == "own_level:revenue")
    assert (found.verdict, made.decision) == (verdict, decision)
    if verdict == "sick":
        assert "show an effect in 18.0% of them against 5.0% promised" in readouts[0].verdict
        assert not readouts[0].is_valid
    receipt = make_receipt(one, given)
    assert replay(receipt)["decision"] == receipt["decision"]


def test_an_arm_without_units_has_nothing_to_test() -> None:
    assert outcome_of(units(ORDINARY[:50], (50,))) == {}

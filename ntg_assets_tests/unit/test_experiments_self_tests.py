"""The self-tests say when the statistics keep their promise on the data at hand,
and when they do not.
"""

import numpy as np
import polars as pl

from ntg_assets.configuration.experiments.arms import ArmSettings
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.experiments import results

ONE = ExperimentSettings(
    id="lists",
    hypothesis="One list is as good as another.",
    owner="science",
    arms=[ArmSettings(name="a", strategy="x"), ArmSettings(name="b", strategy="y")],
    primary_metric="matched_items",
)


def outcome_of(
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> dict[str, dict[str, object]]:
    units = pl.DataFrame(
        {
            "experiment": "lists",
            "metric": "matched_items",
            "unit_id": [f"{n:06}" for n in range(len(values))],
            "value": values,
        }
    )
    found = check_frame(results.self_tests([ONE], units, seed=7), contract_of("self_tests"))
    return {row["test"]: row for row in found.iter_rows(named=True)}


def test_on_many_ordinary_values_every_promise_is_kept() -> None:
    found = outcome_of(np.random.default_rng(1).gamma(2, 1, 2_000))
    assert set(found) == {"A/A", "coverage", "power"}
    assert all(row["is_kept"] for row in found.values())
    uniform = found["A/A"]["uniform_p"]
    assert isinstance(uniform, float)
    assert uniform > 0.001


def test_on_few_very_skewed_values_the_table_says_that_the_interval_does_not_hold() -> None:
    found = outcome_of(np.array([0.0] * 97 + [1.0, 50.0, 1_000.0]))
    assert not found["coverage"]["is_kept"]
    assert "too few or too skewed" in str(found["coverage"]["sentence"])


def test_the_same_seed_gives_the_same_table() -> None:
    values = np.random.default_rng(2).normal(3, 1, 200)
    assert outcome_of(values) == outcome_of(values)


def test_values_that_do_not_vary_are_not_tested() -> None:
    assert outcome_of(np.ones(100)) == {}

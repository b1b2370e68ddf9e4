"""An arm that lacks its largest values has lost its heaviest users, whatever its mean says."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.experiments.alone import conclude_units
from ntg_assets.experiments.decision.receipts import replay
from ntg_assets.experiments.health import aa_tests
from ntg_assets.experiments.health.tails import tail_between
from ntg_assets_tests.trials import trial

SETTINGS = load_settings()
N = 4_000


@pytest.fixture(autouse=True)
def _few_repetitions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aa_tests, "REPETITIONS", 20)
    monkeypatch.setattr(aa_tests, "FEWER_REPETITIONS", 20)


def users(*, filtered: float = 0.0, times: float = 1.0, **columns: Any) -> pl.DataFrame:
    """Make users of two arms, lognormal with sigma 1.5; a bot filter drops the largest of b."""
    rng = np.random.default_rng(2)
    value = rng.lognormal(0, 1.5, N) * np.where(np.arange(N) % 2, times, 1.0)
    made = pl.DataFrame(
        {
            "unit_id": [f"u{place:05}" for place in range(N)],
            "arm": ["ab"[place % 2] for place in range(N)],
            "revenue": value,
        }
        | columns
    )
    most = made.filter(pl.col("arm") == "b")["revenue"].quantile(1 - filtered)
    return made.filter((pl.col("arm") == "a") | (pl.col("revenue") <= (most or 0.0)))


def concluded(rows: pl.DataFrame, **changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the health checks by name, and the decision, whose receipt has been replayed."""
    tables = conclude_units(trial(planned_units=100, **changes), rows, SETTINGS).tables
    decision = tables["decisions"].row(0, named=True)
    assert replay(json.loads(decision["receipt"]))["in_force"] == decision["decision"]
    checks = {row["check"]: row for row in tables["health_checks"].iter_rows(named=True)}
    return checks, decision


@pytest.mark.slow
def test_a_filter_that_drops_the_heaviest_of_one_arm_stops_the_claim() -> None:
    """Three of a hundred users of b are gone: too few for the test of the sample ratio, and a fall
    of the mean by a third that no feature made.
    """
    checks, decision = concluded(users(filtered=0.03))
    assert checks["sample_ratio"]["verdict"] == "healthy"
    assert (checks["largest_values:b"]["verdict"], decision["decision"]) == ("thin", "iterate")
    assert "b has 0.0% of the largest 40 values" in checks["largest_values:b"]["sentence"]
    warned, then = concluded(users(filtered=0.03), largest_values="warn")
    assert (warned["largest_values:b"]["verdict"], then["decision"]) == ("warning", "rollback")


@pytest.mark.slow
@pytest.mark.parametrize("times", [1.0, 1.3])
def test_no_effect_and_one_on_everybody_leave_the_largest_values_where_they_are(
    times: float,
) -> None:
    checks, _ = concluded(users(times=times))
    assert checks["largest_values:b"]["verdict"] == "healthy"


def test_largest_values_are_counted_against_those_below() -> None:
    """Of 1,000 values 10 are above the 99% quantile and 190 between it and the 80% quantile. All
    ten are of a: Fisher's p is twice (by symmetry) the chance of no b among ten of 200.
    """
    values = np.arange(1_000.0)
    is_b = (np.arange(1_000) % 2 == 0) & (values < 990)
    found = tail_between(values, is_b)
    assert found is not None
    assert (found.n_largest, found.found, found.expected) == (10, 0.0, 95 / 190)
    chance = np.prod([(105 - i) / (200 - i) for i in range(10)])
    assert chance < found.p < 2.5 * chance
    assert not found.is_uneven  # p is .0028: ten units may do that by chance
    assert tail_between(np.ones(1_000), is_b) is None


@pytest.mark.slow
def test_clusters_and_ratios_say_nothing_of_their_largest_values() -> None:
    shop = np.arange(N) // 2 % 40 * 2 + np.arange(N) % 2
    checks, _ = concluded(users(filtered=0.03, shop=shop), cluster_id="shop")
    assert "largest_values:b" not in checks

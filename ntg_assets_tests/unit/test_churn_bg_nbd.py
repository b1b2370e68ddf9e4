"""BG/NBD and Gamma-Gamma agree with what was published on CDNOW, and with simulation."""

import numpy as np
import pytest

from ntg_assets.churn.learning.bg_nbd_prior import _projected
from ntg_assets.churn.visits.bg_nbd import (
    BgNbd,
    Visits,
    alive_probability,
    expected_visits,
    fit_bg_nbd,
    log_likelihood,
    silence_probability,
)
from ntg_assets.revenue.value.ways.gamma_gamma import GammaGamma, expected_value, fit_gamma_gamma

CDNOW = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)  # Fader, Hardie and Lee 2005, table 2
CDNOW_VALUE = GammaGamma(p=6.25, q=3.74, gamma=15.44)  # Fader and Hardie 2013


def simulated(model: BgNbd, n: int, *, weeks: float, seed: int) -> tuple[Visits, np.ndarray]:
    """Visits of n users over `weeks`, and whether each then stays silent for another `weeks`."""
    rng = np.random.default_rng(seed)
    repeats, last, silent = np.zeros(n), np.zeros(n), np.ones(n, dtype=bool)
    for user, (rate, leaves) in enumerate(
        zip(rng.gamma(model.r, 1 / model.alpha, n), rng.beta(model.a, model.b, n), strict=True)
    ):
        time = 0.0
        while True:
            time += rng.exponential(1 / rate) if rate > 0 else np.inf
            if time > 2 * weeks:
                break
            if time > weeks:
                silent[user] = False
                break
            repeats[user], last[user] = repeats[user] + 1, time
            if rng.random() < leaves:
                break
    return Visits(repeats, last, np.full(n, weeks)), silent


def test_expected_visits_of_the_papers_customer() -> None:
    customer = Visits(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    assert expected_visits(CDNOW, customer, horizon_days=39)[0] == pytest.approx(1.226, abs=5e-4)


def test_value_per_visit_of_the_papers_customers() -> None:
    found = expected_value(CDNOW_VALUE, np.array([2.0, 1.0, 0.0]), np.array([22.35, 11.77, 0.0]))
    # the published parameters have two decimals
    assert found == pytest.approx([24.65, 18.91, 35.17], abs=0.06)


def test_fit_recovers_the_parameters_of_a_simulated_panel() -> None:
    visits, _ = simulated(CDNOW, 12_000, weeks=39, seed=1)
    found = fit_bg_nbd(visits)
    assert (found.r, found.alpha) == pytest.approx((CDNOW.r, CDNOW.alpha), rel=0.15)
    assert found.a / (found.a + found.b) == pytest.approx(CDNOW.a / (CDNOW.a + CDNOW.b), rel=0.15)
    assert log_likelihood(found, visits).sum() >= log_likelihood(CDNOW, visits).sum()


def test_probability_of_silence_is_right_and_one_minus_alive_is_not() -> None:
    visits, silent = simulated(CDNOW, 12_000, weeks=39, seed=2)
    told = silence_probability(CDNOW, visits, horizon_days=39)
    assert told.mean() == pytest.approx(silent.mean(), abs=0.01)
    assert abs((1 - alive_probability(CDNOW, visits)).mean() - silent.mean()) > 0.2
    for low, high in ((0.0, 0.5), (0.5, 0.8), (0.8, 0.95)):
        inside = (told >= low) & (told < high)
        assert silent[inside].mean() == pytest.approx(told[inside].mean(), abs=0.05)


def test_time_may_be_in_any_unit() -> None:
    visits, _ = simulated(CDNOW, 3000, weeks=39, seed=3)
    in_days = Visits(visits.repeats, visits.last * 7, visits.observed * 7)
    weeks, days = fit_bg_nbd(visits), fit_bg_nbd(in_days)
    assert (days.r, days.alpha / 7, days.a, days.b) == pytest.approx(
        (weeks.r, weeks.alpha, weeks.a, weeks.b), rel=1e-3
    )


def test_gamma_gamma_recovers_the_mean_value() -> None:
    rng = np.random.default_rng(4)
    repeats = rng.integers(1, 12, 5000).astype(float)
    rate = rng.gamma(CDNOW_VALUE.q, 1 / CDNOW_VALUE.gamma, 5000)
    means = rng.gamma(CDNOW_VALUE.p * repeats, 1 / (rate * repeats))
    found = fit_gamma_gamma(repeats, means)
    assert found.p * found.gamma / (found.q - 1) == pytest.approx(6.25 * 15.44 / 2.74, rel=0.05)
    assert found.p == pytest.approx(6.25, rel=0.1)


def test_the_line_of_bg_nbd_does_not_hang_on_what_a_processor_rounds_otherwise() -> None:
    """Inputs are near copies of each other: another order of the rows sums them otherwise."""
    rng = np.random.default_rng(1)
    recency = rng.exponential(size=2_000)
    copies = [recency + 1e-5 * rng.normal(size=len(recency)) for _ in range(12)]
    inputs, silence = np.column_stack(copies), 1 / (1 + np.exp(4 - 3 * recency))
    line = _projected(inputs, silence)
    for _ in range(20):
        order = rng.permutation(len(inputs))
        np.testing.assert_array_equal(_projected(inputs[order], silence[order]), line)


def test_a_model_without_finite_numbers_has_no_line() -> None:
    line = _projected(np.zeros((3, 2)), np.array([0.5, np.nan, 0.5]))
    assert not np.isfinite(line).all()

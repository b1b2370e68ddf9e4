"""Fits end where their slopes are zero, whatever their last bits, and keep ten digits."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import gammaln, psi

from ntg_assets.arrays import Floats
from ntg_assets.churn.visits import bg_nbd, pareto_nbd
from ntg_assets.churn.visits.bg_nbd import BgNbd, Visits
from ntg_assets.churn.visits.pareto_nbd import ParetoNbd
from ntg_assets.revenue.value.ways.gamma_gamma import expected_value, fit_gamma_gamma
from ntg_assets.statistics.likelihood import PULL, minimise, rising, significant
from ntg_assets.subscriptions.survival.beta_geometric import fit_beta_geometric

STEP = 1e-5
AT = np.array([0.3, -0.4, 0.2, 0.5])  # logarithms of parameters


def bg_nbd_slopes(model: BgNbd, visits: Visits) -> Floats:
    return bg_nbd.log_likelihood_slopes(model, visits)


def pareto_nbd_slopes(model: ParetoNbd, visits: Visits) -> Floats:
    return pareto_nbd.likelihood_and_slopes(model, visits)[1]


SLOPES: dict[type, Callable[[Any, Visits], Floats]] = {
    BgNbd: bg_nbd_slopes,
    ParetoNbd: pareto_nbd_slopes,
}
FITS: dict[type, Callable[[Visits], Any]] = {
    BgNbd: bg_nbd.fit_bg_nbd,
    ParetoNbd: pareto_nbd.fit_pareto_nbd,
}
FAMILIES = pytest.mark.parametrize(
    ("family", "model"), [(bg_nbd, BgNbd), (pareto_nbd, ParetoNbd)], ids=["bg_nbd", "pareto_nbd"]
)


@pytest.fixture(scope="module")
def visits() -> Visits:
    """Users with and without repeat visits; the last of some was on the last day."""
    rng = np.random.default_rng(1)
    observed = rng.uniform(5, 400, 300)
    repeats = rng.poisson(3, 300) * (rng.random(300) < 0.7)
    share = np.where(rng.random(300) < 0.1, 1.0, rng.random(300))
    last = np.where(repeats > 0, observed * share, 0.0)
    return Visits(repeats.astype(float), last / 200, observed / 200)


@FAMILIES
def test_slopes_are_those_of_the_likelihood(family: Any, model: Any, visits: Visits) -> None:
    slopes = SLOPES[model](model(*np.exp(AT)), visits)
    for slope, shift in zip(slopes, STEP * np.eye(len(AT)), strict=True):
        up, down = (
            family.log_likelihood(model(*np.exp(AT + side * shift)), visits) for side in (1, -1)
        )
        assert slope == pytest.approx((up - down) / (2 * STEP), rel=1e-7, abs=1e-8)


@FAMILIES
def test_a_visit_in_the_horizon_is_what_silence_leaves(
    family: Any, model: Any, visits: Visits
) -> None:
    fitted, later = model(*np.exp(AT)), Visits(visits.repeats, visits.last, visits.observed + 0.5)
    silence = np.exp(family.log_likelihood(fitted, later) - family.log_likelihood(fitted, visits))
    active = family.active_probability(fitted, visits, horizon_days=0.5)
    assert active == pytest.approx(1 - silence, rel=1e-8, abs=1e-12)


@pytest.mark.parametrize("model", [BgNbd, ParetoNbd], ids=["bg_nbd", "pareto_nbd"])
def test_last_bits_of_a_log_move_no_fit(model: Any, visits: Visits) -> None:
    sign = np.where(np.arange(300) % 2, 1, -1) * 2e-16  # another order of sums does as much
    moved = Visits(visits.repeats, visits.last * (1 + sign), visits.observed * (1 + sign))
    one, two = (vars(FITS[model](seen)).values() for seen in (visits, moved))
    assert list(two) == pytest.approx(list(one), rel=2e-10)


def test_the_rising_factorial_is_a_quotient_of_gammas() -> None:
    logs, slopes = rising(0.7, 9)
    n = np.arange(10)
    assert logs == pytest.approx(gammaln(0.7 + n) - gammaln(0.7), abs=1e-12)
    assert slopes == pytest.approx(psi(0.7 + n) - psi(0.7), abs=1e-12)


def test_a_smallest_loss_inside_or_at_a_bound() -> None:
    def bowl(at: Floats) -> tuple[float, Floats]:
        return float(((at - [2.0, 9.0]) ** 2).sum()), 2 * (at - np.array([2.0, 9.0]))

    assert minimise(bowl, np.zeros(2), bounds=(-5.0, 5.0)) == pytest.approx(
        [2 / (1 + PULL / 2), 5.0], rel=1e-12
    )


def test_where_nothing_tells_the_start_stands() -> None:
    flat = minimise(lambda at: (1.0, np.zeros_like(at)), np.ones(2), bounds=(-5.0, 5.0))
    assert flat.tolist() == [1.0, 1.0]


def test_ten_digits_are_kept_of_each_number() -> None:
    assert significant([[1234567890.12, 1 / 3], [0.0, -2e-20 / 3]]).tolist() == [
        [1234567890.0, 0.3333333333],
        [0.0, -6.666666667e-21],
    ]


def test_visits_of_one_price_are_worth_it() -> None:
    repeats, value = np.array([1.0, 2.0, 5.0]), np.full(3, 9.99)
    model = fit_gamma_gamma(repeats, value)
    assert expected_value(model, repeats, value) == pytest.approx(value)


def test_the_cohort_law_solves_its_equations() -> None:
    periods, ended = np.array([1, 1, 2, 3, 5, 5]), np.array([1.0, 1.0, 1.0, 0.0, 1.0, 0.0])
    alpha, beta = fit_beta_geometric(periods, ended)
    whole = sum(psi(alpha + beta + n) - psi(alpha + beta) for n in periods)
    stayed = sum(psi(beta + n) - psi(beta) for n in periods - ended)
    assert alpha * (4 / alpha - whole) == pytest.approx(0.0, abs=1e-4)  # four ended
    assert beta * (stayed - whole) == pytest.approx(0.0, abs=1e-4)

"""Models of visits: planted parameters, the published likelihood, and shapes that add up."""

import numpy as np
import pytest
from scipy.special import gammaln, hyp2f1

from ntg_assets.churn.visits import pareto_nbd
from ntg_assets.churn.visits.bg_nbd import Visits, silence_probability
from ntg_assets.churn.visits.pareto_nbd import (
    ParetoNbd,
    alive_probability,
    expected_visits,
    fit_pareto_nbd,
    log_likelihood,
)
from ntg_assets.churn.visits.visit_models import VISIT_MODELS, visit_shape


def visits_of_world(seed: int, n: int = 3_000, days: float = 200.0) -> tuple[Visits, np.ndarray]:
    """Pareto/NBD users seen for `days`, and their visits in as many days after."""
    rng = np.random.default_rng(seed)
    repeats, last, after = np.zeros(n), np.zeros(n), np.zeros(n)
    for user, (rate, life) in enumerate(
        zip(rng.gamma(1.2, 1 / 15, n), rng.exponential(1 / rng.gamma(1.5, 1 / 150, n)), strict=True)
    ):
        at = np.cumsum(rng.exponential(1 / rate, 500))
        at = at[at < min(life, 2 * days)]
        seen = at[at < days]
        repeats[user], last[user] = len(seen), seen.max(initial=0.0)
        after[user] = len(at) - len(seen)
    return Visits(repeats, last, np.full(n, days)), after


def test_pareto_nbd_finds_the_planted_parameters_and_the_visits_to_come() -> None:
    visits, after = visits_of_world(3)
    model = fit_pareto_nbd(visits)
    planted = ParetoNbd(1.2, 15.0, 1.5, 150.0)
    # fitted on every other user: four parameters may cost a few units of log likelihood
    lost = log_likelihood(planted, visits).sum() - log_likelihood(model, visits).sum()
    assert lost < 10
    told = expected_visits(model, visits, horizon_days=200.0)
    assert told.sum() == pytest.approx(after.sum(), rel=0.05)
    alive = alive_probability(model, visits)
    assert ((alive >= 0) & (alive <= 1)).all()


def test_pareto_nbd_has_the_same_bits_however_many_nodes_are_taken_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visits = Visits(np.arange(40.0), np.linspace(0.0, 90.0, 40), np.full(40, 100.0))
    model = ParetoNbd(1.2, 15.0, 1.5, 150.0)
    likelihoods = []
    for cells in (1, 5 * 40, 40 * 24):
        monkeypatch.setattr(pareto_nbd, "CELLS_AT_ONCE", cells)
        likelihoods.append(log_likelihood(model, visits).tobytes())
    assert likelihoods == [likelihoods[0]] * 3


def test_pareto_nbd_has_the_published_likelihood_and_a_number_where_that_overflows() -> None:
    visits = Visits(np.array([0.0, 2.0, 9.0]), np.array([0.0, 21.0, 30.0]), np.full(3, 38.86))
    r, alpha, s, beta = 0.553, 10.578, 0.606, 11.669  # Fader and Hardie 2005
    n = r + s + visits.repeats

    def published(time: np.ndarray) -> np.ndarray:  # alpha < beta
        series = hyp2f1(n, r + visits.repeats, n + 1, (beta - alpha) / (beta + time))
        return series / (beta + time) ** n

    constant = gammaln(r + visits.repeats) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    alive = (alpha + visits.observed) ** -(r + visits.repeats) * (beta + visits.observed) ** -s
    left = s / n * (published(visits.last) - published(visits.observed))
    likelihood = log_likelihood(ParetoNbd(r, alpha, s, beta), visits)
    assert likelihood == pytest.approx(constant + np.log(alive + left), rel=1e-9)
    extreme = log_likelihood(ParetoNbd(0.3, 0.2, 900.0, 900.0), visits)
    assert np.isfinite(extreme).all()


@pytest.mark.parametrize("name", VISIT_MODELS)
def test_visits_given_silence_and_activity_average_to_the_expected_ones(name: str) -> None:
    visits, _ = visits_of_world(5, n=400)
    shape = visit_shape(name, visits, period_ends=(30, 60, 90, 100))
    assert shape is not None
    first, silence = shape.expected[:, 0] / shape.active, 1 - shape.active
    mixed = first[:, None] * (
        shape.active[:, None] * shape.if_active + silence[:, None] * shape.if_silent
    )
    assert mixed == pytest.approx(shape.expected, rel=1e-9)
    assert (shape.if_silent[:, 0] == 0).all()
    assert (shape.if_silent.sum(axis=1) <= shape.if_active.sum(axis=1)).all()


def test_silence_is_what_the_likelihood_says_of_nothing_more() -> None:
    visits, _ = visits_of_world(7, n=200)
    model = VISIT_MODELS["bg_nbd"].fit(visits)
    shape = visit_shape("bg_nbd", visits, period_ends=(30, 60))
    assert shape is not None
    assert 1 - shape.active == pytest.approx(silence_probability(model, visits, horizon_days=30.0))

"""What a repeat visit is worth where not every visit is paid for."""

import numpy as np
import pytest

from ntg_assets.revenue.value.ways.gamma_gamma import expected_value, fit_gamma_gamma
from ntg_assets.revenue.value.ways.visit_worth import fit_shares, paid_share, visit_worth


def test_where_each_visit_brings_an_amount_it_is_gamma_gamma() -> None:
    repeats, amount = np.array([0.0, 1, 2, 4, 9, 3]), np.array([0.0, 8, 12, 9, 11, 20])
    worth = visit_worth(repeats, repeats, repeats * amount)
    assert worth is not None
    assert (
        worth.tolist() == expected_value(fit_gamma_gamma(repeats, amount), repeats, amount).tolist()
    )
    assert visit_worth(repeats, np.zeros(6), np.zeros(6)) is None


def test_who_came_often_and_never_paid_is_worth_next_to_nothing() -> None:
    # one user in thirty pays at one visit in five, the others never; all come fifty times
    rng = np.random.default_rng(5)
    n_repeats, pays = np.full(6_000, 50.0), np.arange(6_000) % 30 == 0
    n_paid = np.where(pays, rng.binomial(50, 0.2, 6_000), 0).astype(np.float64)
    amounts = rng.gamma(4.0, 10 / 4.0, 6_000)
    worth = visit_worth(n_repeats, n_paid, n_paid * amounts)
    assert worth is not None
    assert worth[~pays].max() < 0.01 * worth[pays].mean()
    assert worth.mean() == pytest.approx(0.2 * amounts[pays].mean() / 30, rel=0.15)


def test_shares_that_differ_between_users_are_recovered() -> None:
    rng = np.random.default_rng(7)
    n_repeats = rng.integers(1, 40, 20_000).astype(np.float64)
    n_paid = rng.binomial(n_repeats.astype(int), rng.beta(2.0, 6.0, 20_000)).astype(np.float64)
    assert fit_shares(n_repeats, n_paid) == pytest.approx((2 / 8, 8), rel=0.05)
    share = paid_share(np.array([0.0, *n_repeats]), np.array([0.0, *n_paid]))
    assert share[0] == pytest.approx(2 / 8, rel=0.05)  # nothing is known of a new user


def test_who_got_all_back_is_worth_less_than_who_never_repeated() -> None:
    repeats = np.array([0.0, *[6.0] * 40])
    # users differ a hundredfold; the second one sent everything back
    value = np.array([0.0, 0.0, *np.geomspace(6, 600, 39)])
    worth = visit_worth(repeats, repeats, value)
    assert worth is not None
    assert 0 <= worth[1] < 0.6 * worth[0]

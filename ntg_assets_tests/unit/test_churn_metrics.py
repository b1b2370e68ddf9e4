"""Metrics of probabilities agree with the field's own, and know how much noise they hold."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as peer_log_loss

from ntg_assets.statistics.bootstrap import percentile_interval, row_weights
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.probability_metrics import (
    auc,
    brier_parts,
    calibration_line,
    calibration_noise,
    equal_mass_bins,
    expected_calibration_error,
    log_loss,
)

RNG = np.random.default_rng(7)
N = 500
PREDICTED = np.round(RNG.beta(2, 1, N), 2)  # rounded, so that ties are frequent
CHURNED = (RNG.random(N) < PREDICTED).astype(float)
USERS = np.sort(RNG.integers(0, 120, N))
USERS = np.unique(USERS, return_inverse=True)[1].astype(np.int64)


def test_auc_agrees_with_sklearn_ties_and_weights_included() -> None:
    weights = RNG.integers(0, 4, (5, N)).astype(float)
    found = auc(PREDICTED, CHURNED, weights)
    assert found == pytest.approx(
        [roc_auc_score(CHURNED, PREDICTED, sample_weight=row) for row in weights]
    )


def test_auc_by_hand_counts_ties_half() -> None:
    found = auc(np.array([0.1, 0.4, 0.4, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.ones((1, 4)))[0]
    assert found == (1 + 0.5 + 1 + 1) / 4


def test_auc_without_both_outcomes_is_not_defined() -> None:
    assert np.isnan(auc(PREDICTED, np.ones(N), np.ones((1, N)))[0])


def test_log_loss_and_brier_agree_with_sklearn() -> None:
    inside = np.clip(PREDICTED, 0.01, 0.99)
    assert log_loss(inside, CHURNED).mean() == pytest.approx(peer_log_loss(CHURNED, inside))
    assert brier_parts(PREDICTED, CHURNED, equal_mass_bins(PREDICTED, 10))[
        "brier"
    ] == pytest.approx(brier_score_loss(CHURNED, PREDICTED))


def test_brier_parts_add_up_and_are_exact_for_constant_bins() -> None:
    predicted, churned = np.array([0.2] * 5 + [0.8] * 5), np.array([1.0, 0, 0, 0, 0, 1, 1, 1, 0, 0])
    parts = brier_parts(predicted, churned, equal_mass_bins(predicted, 2))
    assert parts["brier_reliability"] == pytest.approx((5 * 0.0**2 + 5 * (0.8 - 0.6) ** 2) / 10)
    assert parts["brier_resolution"] == pytest.approx(
        (5 * (0.2 - 0.4) ** 2 + 5 * (0.6 - 0.4) ** 2) / 10
    )
    assert parts["brier_uncertainty"] == pytest.approx(0.4 * 0.6)
    assert parts["brier_within_bins"] == pytest.approx(0, abs=1e-15)


def test_bins_hold_equally_many() -> None:
    sizes = np.bincount(equal_mass_bins(PREDICTED, 7))[1:]
    assert sizes.sum() == N
    assert sizes.max() - sizes.min() <= 1


def test_bins_never_outnumber_rows() -> None:
    assert equal_mass_bins(np.array([0.3, 0.1]), 10).tolist() == [2, 1]


def test_ece_by_hand() -> None:
    predicted, churned = np.array([0.1, 0.3, 0.6, 0.8]), np.array([[0.0, 1.0, 1.0, 1.0]])
    assert expected_calibration_error(predicted, churned, np.array([1, 1, 2, 2]))[
        0
    ] == pytest.approx(0.5 * abs(0.2 - 0.5) + 0.5 * abs(0.7 - 1.0))


def test_noise_floor_of_one_bin_is_the_mean_absolute_deviation_of_a_rate() -> None:
    n, p = 400, 0.3
    floor, point_95 = calibration_noise(
        np.full(n, p), np.ones(n, dtype=np.int64), samples=4000, rng=np.random.default_rng(1)
    )
    error = np.sqrt(p * (1 - p) / n)
    assert floor == pytest.approx(error * np.sqrt(2 / np.pi), rel=0.05)
    assert point_95 == pytest.approx(1.96 * error, rel=0.05)


def test_ece_of_a_perfect_model_stays_below_its_95_percent_point_19_times_in_20() -> None:
    below = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        predicted = rng.beta(2, 1, 300)
        bins = equal_mass_bins(predicted, 10)
        drawn = (rng.random(300) < predicted).astype(float)[None, :]
        below += (
            expected_calibration_error(predicted, drawn, bins)[0]
            <= calibration_noise(predicted, bins, samples=300, rng=rng)[1]
        )
    assert 0.91 <= below / 200 <= 0.985


def test_slope_and_offset_agree_with_statsmodels() -> None:
    import statsmodels.api as sm

    inside = np.clip(PREDICTED, 0.01, 0.99)
    logit = np.log(inside / (1 - inside))
    slope, offset = calibration_line(inside, CHURNED, USERS)
    peer = sm.GLM(CHURNED, sm.add_constant(logit), family=sm.families.Binomial()).fit()
    shift = sm.GLM(CHURNED, np.ones((N, 1)), family=sm.families.Binomial(), offset=logit).fit()
    assert (slope.value, offset.value) == pytest.approx((peer.params[1], shift.params[0]), abs=1e-6)


def test_slope_sees_overconfidence_and_offset_sees_bias() -> None:
    rng = np.random.default_rng(3)
    logit = rng.normal(size=20_000)
    churned = (rng.random(20_000) < sigmoid(0.5 * logit + 0.4)).astype(float)
    users = np.arange(20_000)
    slope, offset = calibration_line(sigmoid(logit), churned, users)
    assert slope.low < 0.5 < slope.high  # type: ignore[operator]
    assert offset.low > 0  # type: ignore[operator]


def test_separated_or_single_outcomes_have_no_slope() -> None:
    separated = calibration_line(
        np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), np.arange(4)
    )
    single = calibration_line(np.array([0.1, 0.2]), np.ones(2), np.arange(2))
    assert (separated[0].value, single[0].value, single[1].value) == (None, None, None)


def test_resampling_takes_whole_users() -> None:
    weights = row_weights(USERS, samples=200, rng=np.random.default_rng(1))
    for user in range(5):
        assert (weights[:, user == USERS] == weights[:, user == USERS][:, :1]).all()
    assert (weights.shape[1], weights.mean()) == (N, pytest.approx(1.0, abs=0.05))


def test_interval_of_nothing_defined_is_null() -> None:
    assert percentile_interval(np.array([np.nan])) == (None, None)

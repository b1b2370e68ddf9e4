"""The churn model is penalised maximum likelihood with clustered intervals,
and its scores are what its table says.
"""

from datetime import date
from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.learning.candidates import FULL_WINDOWS, fit_churn
from ntg_assets.churn.learning.design import (
    design_matrix,
    location_and_scale,
    standardise,
    without_season,
)
from ntg_assets.churn.learning.features import CHURN_FEATURES, DERIVED, FEATURES
from ntg_assets.churn.learning.logistic import fit_logistic, user_codes
from ntg_assets.churn.learning.training import TrainingSet
from ntg_assets.churn.reasons.sentences import peer_shares
from ntg_assets.churn.scores import CONTRIBUTIONS, score_churn
from ntg_assets.errors import ContractError, NotEnoughDataError
from ntg_assets.statistics.glm import CACHED_ROWS, sigmoid, standard_error
from ntg_assets_tests.churn_world import (
    CHURN,
    Tables,
    everyone_of,
    leaving_tables,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables()


def made_up(n: int = 600, *, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    users = np.sort(rng.integers(0, n // 4, n))
    users = np.unique(users, return_inverse=True)[1]
    matrix = rng.normal(size=(n, 3)) + rng.normal(size=(n // 4, 3))[users % (n // 4)]
    churned = (rng.random(n) < sigmoid(matrix @ [0.8, -0.5, 0.0] + 0.3)).astype(float)
    return matrix, churned, users


def test_fit_is_the_minimum_of_the_stated_objective() -> None:
    matrix, churned, users = made_up()
    c = 0.1
    fit = fit_logistic(matrix, churned, users, regularisation=c)
    design = np.column_stack([np.ones(len(churned)), (matrix - fit.mean) / fit.scale])
    gradient = design.T @ (sigmoid(design @ fit.coefficients) - churned) + np.concatenate(
        [[0], fit.coefficients[1:] / c]
    )
    assert np.abs(gradient).max() < 1e-6


def test_weak_penalty_agrees_with_statsmodels_clustered_by_user() -> None:
    import statsmodels.api as sm

    matrix, churned, users = made_up()
    fit = fit_logistic(matrix, churned, users, regularisation=1e9)
    design = sm.add_constant((matrix - fit.mean) / fit.scale)
    peer = sm.Logit(churned, design).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": users, "use_correction": False}
    )
    n_users = users.max() + 1
    assert fit.coefficients == pytest.approx(peer.params, abs=1e-6)
    assert fit.covariance == pytest.approx(
        peer.cov_params() * n_users / (n_users - 1), rel=1e-4, abs=1e-8
    )


def test_intervals_cover_at_their_nominal_rate() -> None:
    truth, hits = 0.5, 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        users = np.repeat(np.arange(150), 3)
        x = rng.normal(size=(450, 1))
        churned = (rng.random(450) < sigmoid(truth * (x[:, 0] - x.mean()) / x.std())).astype(float)
        fit = fit_logistic(x, churned, users, regularisation=1e6)
        hits += abs(fit.coefficients[1] - truth) < 1.96 * np.sqrt(fit.covariance[1, 1])
    assert 0.90 <= hits / 200 <= 0.99


def test_doubling_every_user_shrinks_errors_and_repeating_rows_does_not() -> None:
    matrix, churned, users = made_up()
    once = fit_logistic(matrix, churned, users, regularisation=1e9).covariance
    twice = np.repeat(np.arange(len(churned)), 2)
    repeated = fit_logistic(
        matrix[twice], churned[twice], users[twice], regularisation=1e9
    ).covariance
    # the same users tell no more when their rows are copied
    assert repeated == pytest.approx(once, rel=1e-4, abs=1e-10)


def test_missing_values_stand_at_the_mean_and_constants_do_no_harm() -> None:
    matrix = np.array([[1.0, np.nan, 5.0], [3.0, 2.0, 5.0], [5.0, 4.0, 5.0]])
    mean, scale = location_and_scale(matrix)
    assert mean.tolist() == [3.0, 3.0, 5.0]
    assert scale.tolist() == [round(sqrt(8 / 3), 9), 1.0, 1.0]  # ten digits are kept
    assert standardise(matrix, mean=mean, scale=scale)[0].tolist() == [
        -2 / round(sqrt(8 / 3), 9),
        0.0,
        0.0,
    ]


def activity(**changes: float) -> dict[str, Any]:
    sources = [feature.source for feature in FEATURES if feature.source not in DERIVED]
    return {name: [float(changes.get(name, 3.0))] for name in sources} | {
        "snapshot_on": [date(2024, 4, 1)]
    }


def features_of(**changes: float) -> dict[str, float]:
    return dict(
        zip(
            (feature.name for feature in CHURN_FEATURES),
            design_matrix(pl.DataFrame(activity(**changes)), features=CHURN_FEATURES)[0],
            strict=True,
        )
    )


def test_transforms_are_what_their_names_say() -> None:
    found = features_of(active_days=1, value_per_active_day=-3)
    assert found["log_recency_days"] == np.log(4)
    assert found["log_value_per_active_day"] == -np.log(4)
    assert (found["has_one_active_day"], found["trend_log_ratio"]) == (1.0, 3.0)


def test_squares_are_the_squares_of_the_inputs_of_the_same_name() -> None:
    found = features_of(recency_days=9, trend_log_ratio=-0.5, tenure_days=60)
    squared = {name: value for name, value in found.items() if name.endswith("_squared")}
    assert len(squared) == len(CHURN_FEATURES) - len(FEATURES) - 2  # and the time of year
    assert squared == pytest.approx(
        {name: found[name.removesuffix("_squared")] ** 2 for name in squared}
    )


def test_the_time_of_year_counts_from_two_full_years_on_only(tables: Tables) -> None:
    one_year = tables.churn_coefficients.filter(pl.col("feature_group") == "season")
    assert one_year["coefficient"].to_list() == [0.0, 0.0]
    moved = tables.labelled.with_columns(pl.col("snapshot_on").dt.offset_by("3y"))
    longer = pl.concat(
        [
            tables.labelled,
            moved.with_columns(pl.col("is_churned") | (pl.col("snapshot_on").dt.month() < 4)),
        ]
    )
    seasonal = fit_churn(longer, everyone_of(tables), settings=CHURN).filter(
        pl.col("feature_group") == "season"
    )
    assert seasonal["coefficient"].abs().min() > 0  # type: ignore[operator]  # a number


def test_attained_share_of_daily_activity_is_one_whatever_the_tenure() -> None:
    for tenure in (1, 10, 500):
        decayed = sum(0.5 ** (age / 30) for age in range(1, tenure + 1))
        found = features_of(tenure_days=tenure, decayed_active_days_30d=decayed)
        assert found["log_attained_share_30d"] == pytest.approx(np.log(1.01))


def test_own_pace_counts_missed_visits_since_the_last() -> None:
    found = features_of(active_days=20, tenure_days=60, recency_days=15)
    pace = (20 + 0.5) / (45 + 5)
    assert found["log_own_pace"] == pytest.approx(np.log(pace + 0.01))
    assert found["log_missed_visits"] == pytest.approx(np.log1p(15 * pace))
    assert found["own_gap_survival"] == pytest.approx(np.exp(-15 * pace))
    assert found["newness"] == pytest.approx(0.5 ** (60 / 28))


def test_contributions_added_from_left_to_right_are_the_logit_to_the_last_bit(
    tables: Tables,
) -> None:
    scores = tables.churn_scores
    logit = scores["contribution_baseline"].to_numpy()
    for name in [*CONTRIBUTIONS, "contribution_calibration"]:
        logit = logit + scores[name].to_numpy()
    assert (logit == scores["churn_logit"].to_numpy()).all()
    assert 1 / (1 + np.exp(-logit)) == pytest.approx(
        scores["churn_probability"].to_numpy(), abs=1e-15
    )


def test_score_is_what_the_table_gives_by_hand(tables: Tables) -> None:
    row = (
        tables.churn_snapshots.filter(pl.col("snapshot_on") == tables.history.cutoff_on)
        .sort("user_id")
        .head(1)
    )
    table = tables.churn_coefficients.sort("position").to_dicts()
    x = design_matrix(row, features=CHURN_FEATURES)[0]
    logit = table[0]["coefficient"]
    for value, entry in zip(x, table[1:], strict=True):
        logit += (
            0.0
            if np.isnan(value)
            else entry["coefficient"] * (value - entry["mean"]) / entry["scale"]
        )
    assert tables.churn_scores.sort("user_id")["churn_logit"][0] == pytest.approx(logit, abs=1e-12)


def test_one_user_alone_scores_as_in_the_batch(tables: Tables) -> None:
    now = tables.churn_snapshots.filter(pl.col("snapshot_on") == tables.history.cutoff_on).sort(
        "user_id"
    )
    batch = score_churn(now, tables.churn_coefficients)
    for place in range(0, now.height, 7):
        assert score_churn(now[place], tables.churn_coefficients).equals(batch[place])


def test_coefficients_of_another_version_are_refused(tables: Tables) -> None:
    renamed = tables.churn_coefficients.with_columns(
        pl.col("feature").replace("log_active_days", "log_visits")
    )
    with pytest.raises(
        ContractError, match=r"not those of this version .*log_active_days, log_visits"
    ):
        score_churn(tables.churn_snapshots, renamed)


def test_interval_holds_the_probability_and_risk_falls_with_activity(tables: Tables) -> None:
    scores = tables.churn_scores
    assert (scores["churn_probability_low"] <= scores["churn_probability"]).all()
    assert (scores["churn_probability"] <= scores["churn_probability_high"]).all()
    at_risk = scores.filter("is_at_risk_population")
    assert at_risk.select(pl.corr("recency_days", "churn_probability")).item() > 0.3


def test_percentile_is_the_mid_rank_among_the_at_risk(tables: Tables) -> None:
    peers = tables.churn_scores.filter("is_at_risk_population")
    n = peers.height
    assert peers["risk_percentile"].sort().to_list() == pytest.approx(
        [(k + 0.5) / n for k in range(n)]
    )
    assert (
        tables.churn_scores.filter(~pl.col("is_at_risk_population"))["risk_percentile"].null_count()
        > 0
    )


def test_peers_are_those_whom_a_group_moves_less_in_the_same_direction() -> None:
    contributions = np.array([[0.4, -0.3], [0.2, -0.1], [0.1, 0.0], [9.0, -9.0]])
    found = peer_shares(contributions, is_peer=np.array([True, True, True, False]))
    assert found[:, 0].tolist() == pytest.approx([2.5 / 3, 1.5 / 3, 0.5 / 3, 1.0])
    assert found[:, 1].tolist() == pytest.approx([2.5 / 3, 1.5 / 3, 0.5 / 3, 1.0])
    assert np.isnan(peer_shares(contributions, is_peer=np.zeros(4, dtype=bool))).all()


def test_no_labelled_row_is_one_clear_sentence(tables: Tables) -> None:
    with pytest.raises(NotEnoughDataError, match="no user was at risk at any closed snapshot"):
        fit_churn(tables.labelled.head(0), everyone_of(tables), settings=CHURN)


@pytest.mark.parametrize("outcome", [True, False])
def test_only_churners_or_none_give_the_smoothed_base_rate(tables: Tables, outcome: bool) -> None:  # noqa: FBT001
    same = tables.labelled.with_columns(is_churned=pl.lit(outcome))
    table = fit_churn(same, everyone_of(tables), settings=CHURN)
    n = same["user_id"].n_unique()
    rate = ((n if outcome else 0) + 0.5) / (n + 1)
    assert table["method"].unique().to_list() == ["base_rate"]
    assert table["coefficient"].to_list() == pytest.approx(
        [np.log(rate / (1 - rate)), *[0.0] * len(CHURN_FEATURES)]
    )
    assert score_churn(tables.churn_snapshots, table)[
        "churn_probability"
    ].to_list() == pytest.approx([rate] * tables.churn_snapshots.height)


def test_a_standard_error_is_that_of_the_row_alone_wherever_the_row_stands() -> None:
    rng = np.random.default_rng(5)
    rows, root = rng.normal(size=(2 * CACHED_ROWS + 3, 4)), rng.normal(size=(5, 5))
    covariance = root @ root.T
    design = np.column_stack([np.ones(len(rows)), rows])
    together = standard_error(rows, covariance)
    assert np.allclose(together**2, ((design @ covariance) * design).sum(axis=1), rtol=1e-12)
    for row in (0, CACHED_ROWS - 1, CACHED_ROWS, 2 * CACHED_ROWS + 2):
        assert standard_error(rows[row : row + 1], covariance)[0] == together[row]
    assert standard_error(rows[:0], covariance).shape == (0,)


def test_the_penalty_counts_windows_that_do_not_overlap(tables: Tables) -> None:
    days = tables.labelled["snapshot_on"].unique().sort()
    first = tables.labelled.filter(pl.col("snapshot_on") == days[0])
    assert penalty_of(first) == pytest.approx(0.1 / FULL_WINDOWS)
    two = tables.labelled.filter(
        (pl.col("snapshot_on") - days[0]).dt.total_days() <= CHURN.horizon_days
    )
    assert penalty_of(two) == pytest.approx(0.1 * 2 / FULL_WINDOWS)
    assert penalty_of(tables.labelled) == 0.1
    # a table fitted on one window is that of the smaller C
    nobody = everyone_of(tables).head(0)  # so that nothing but no effect is shrunk towards
    fitted = fit_churn(first, nobody, settings=CHURN)
    rows = first.sort("user_id", "snapshot_on")
    matrix = without_season(design_matrix(rows, features=CHURN_FEATURES), rows)
    by_hand = fit_logistic(
        matrix,
        rows["is_churned"].cast(pl.Float64).to_numpy(),
        user_codes(rows),
        regularisation=0.1 / FULL_WINDOWS,
    )
    assert fitted["coefficient"].to_list() == pytest.approx(by_hand.coefficients.tolist(), abs=1e-9)


def penalty_of(labelled: pl.DataFrame) -> float:
    """C of the logistic model on these rows."""
    return TrainingSet(labelled, labelled, CHURN).penalty_scale(FULL_WINDOWS)

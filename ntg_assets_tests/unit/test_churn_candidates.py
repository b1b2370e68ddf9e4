"""Every model that may be shipped is a table of one kind, and each is what it says it is."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn import walk_forward as past_forecasts
from ntg_assets.churn.learning.bg_nbd_prior import BG_NBD_INPUTS
from ntg_assets.churn.learning.candidates import (
    BG_NBD,
    CANDIDATES,
    LEVEL_WINDOWS,
    PRIOR_WINDOWS,
    THREE_INPUTS,
    TOWARD_BG_NBD,
    fit_churn,
)
from ntg_assets.churn.learning.logistic import Prior, fit_logistic
from ntg_assets.churn.learning.training import TrainingSet
from ntg_assets.churn.model import fit_churn_model
from ntg_assets.churn.reasons.effects import Linear
from ntg_assets.churn.scores import ADDENDS, add_up, churn_scores, score_churn
from ntg_assets.churn.visits.bg_nbd import fit_bg_nbd, silence_probability, visits_of
from ntg_assets.churn.walk_forward import everyone_at, walk_forward
from ntg_assets.statistics.glm import sigmoid
from ntg_assets_tests.churn_world import (
    CHURN,
    Tables,
    everyone_of,
    leaving_tables,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables()


def made_up() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(300, 2))
    churned = (rng.random(300) < sigmoid(matrix @ [0.8, -0.5] + 0.3)).astype(float)
    return matrix, churned, np.arange(300)


PRIOR = Prior(np.array([5.0, 2.0, 1.0]), np.diag([0.0, 0.2, 0.3]))


def test_a_fit_towards_a_prior_is_the_minimum_of_the_stated_objective() -> None:
    matrix, churned, users = made_up()
    c = 0.02
    fit = fit_logistic(matrix, churned, users, regularisation=c, prior=PRIOR)
    design = np.column_stack([np.ones(300), (matrix - fit.mean) / fit.scale])
    pull = (fit.coefficients - PRIOR.coefficients) / c * [0, 1, 1]  # none on the intercept
    assert np.abs(design.T @ (sigmoid(design @ fit.coefficients) - churned) + pull).max() < 1e-6


def test_a_strong_penalty_ends_at_the_prior_and_passes_its_error_on() -> None:
    matrix, churned, users = made_up()
    strong = fit_logistic(matrix, churned, users, regularisation=1e-9, prior=PRIOR)
    assert strong.coefficients[1:] == pytest.approx([2.0, 1.0], abs=1e-6)
    assert np.diag(strong.covariance)[1:] == pytest.approx([0.04, 0.09], rel=1e-4)
    weak = fit_logistic(matrix, churned, users, regularisation=1e6, prior=PRIOR)
    plain = fit_logistic(matrix, churned, users, regularisation=1e6)
    assert weak.coefficients == pytest.approx(plain.coefficients, abs=1e-4)
    assert weak.covariance == pytest.approx(plain.covariance, abs=1e-6)


def test_the_table_of_bg_nbd_says_what_bg_nbd_says(tables: Tables) -> None:
    everyone = everyone_of(tables)
    table = fit_churn(tables.labelled, everyone, settings=CHURN, model=BG_NBD)
    visits = visits_of(everyone)
    exact = silence_probability(fit_bg_nbd(visits), visits, horizon_days=CHURN.horizon_days)
    at_risk = (everyone["recency_days"] <= CHURN.at_risk_window_days).to_numpy()
    told = score_churn(everyone, table)["churn_probability"].to_numpy()
    assert np.abs(told - exact)[at_risk].mean() < 0.03
    assert np.corrcoef(told[at_risk], exact[at_risk])[0, 1] > 0.99
    used = table.filter(pl.col("coefficient") != 0)["feature"].to_list()
    assert set(used) <= {"intercept", *BG_NBD_INPUTS}
    # and no label is asked
    flipped = tables.labelled.with_columns(~pl.col("is_churned"))
    again = fit_churn(flipped, everyone, settings=CHURN, model=BG_NBD)
    assert again.drop("n_churned").equals(table.drop("n_churned"))


def first_windows(tables: Tables, n_windows: int) -> pl.DataFrame:
    """Labelled snapshots of so many windows that do not overlap, from the first on."""
    span = timedelta(days=(n_windows - 1) * CHURN.horizon_days)
    return tables.labelled.filter(pl.col("snapshot_on") <= pl.col("snapshot_on").min() + span)


def test_the_start_is_shrunk_by_its_windows_and_its_level_lies_between(tables: Tables) -> None:
    everyone, labelled = everyone_of(tables), first_windows(tables, 3)
    training = TrainingSet(labelled.sort("user_id", "snapshot_on"), everyone, CHURN)
    assert training.prior is not None
    alone = fit_logistic(
        training.matrix,
        training.churned,
        training.users,
        regularisation=0.1 * 3 / PRIOR_WINDOWS,
        prior=training.prior.line,
    )
    table = fit_churn(labelled, everyone, settings=CHURN)
    assert table["method"][0] == TOWARD_BG_NBD
    assert table["coefficient"].to_list()[1:] == pytest.approx(alone.coefficients[1:], abs=1e-9)
    moved = table["coefficient"][0] - alone.coefficients[0]
    # all of the way would bring the mean of those at risk to that of BG/NBD
    whole = table.with_columns(
        coefficient=pl.when(pl.col("position") == 0)
        .then(alone.coefficients[0] + moved * (LEVEL_WINDOWS + 3) / LEVEL_WINDOWS)
        .otherwise("coefficient")
    )
    at_risk = everyone.filter(pl.col("recency_days") <= CHURN.at_risk_window_days)
    mean = score_churn(at_risk, whole)["churn_probability"].mean()
    assert mean == pytest.approx(training.prior.silence(at_risk).mean(), abs=1e-6)


def test_from_four_windows_on_nothing_pulls_towards_bg_nbd(tables: Tables) -> None:
    everyone = everyone_of(tables)
    methods = [
        fit_churn(first_windows(tables, n), everyone, settings=CHURN)["method"][0] for n in (3, 4)
    ]
    assert methods == [TOWARD_BG_NBD, "logistic"]


@pytest.mark.parametrize("model", sorted(CANDIDATES))
def test_scores_contributions_and_reasons_follow_whichever_is_shipped(
    tables: Tables, model: str
) -> None:
    table = fit_churn(tables.labelled, everyone_of(tables), settings=CHURN, model=model)
    assert table["method"].unique().to_list() == [model]
    scores = churn_scores(tables.churn_snapshots, table, settings=CHURN)
    added = add_up({name: scores[name].to_numpy() for name in ADDENDS})
    assert (added == scores["churn_logit"].to_numpy()).all()
    assert scores.filter("is_at_risk_population")["reason_1"].null_count() == 0
    assert (Linear.of(table.sort("position")).covariance.diagonal() > -1e-12).all()


def test_three_inputs_are_three(tables: Tables) -> None:
    table = fit_churn(tables.labelled, everyone_of(tables), settings=CHURN, model=THREE_INPUTS)
    used = table.filter(pl.col("coefficient") != 0)["feature"].to_list()
    assert used == ["intercept", "log_recency_days", "log_active_days", "log_tenure_days"]


def test_a_handful_of_users_has_no_prior_and_is_told_by_the_logistic_model(tables: Tables) -> None:
    few = everyone_of(tables).head(29)
    table = fit_churn(first_windows(tables, 2), few, settings=CHURN)
    assert table["method"][0] == "logistic"
    assert fit_churn(tables.labelled, few, settings=CHURN, model=BG_NBD)["method"][0] == "base_rate"


@pytest.mark.slow
def test_no_candidate_sees_a_day_from_its_origin_on(tables: Tables) -> None:
    origin_on = tables.churn_walk_forward["origin_on"].unique().sort()[1]
    before = tables.churn_walk_forward.filter(pl.col("origin_on") == origin_on)
    later = pl.col("active_on") >= origin_on
    more = tables.user_days.filter(later).with_columns(
        pl.col("active_on") + timedelta(days=1), value_sum=pl.lit(1e6)
    )
    poisoned = pl.concat([tables.user_days.filter(~later), more])
    flipped = tables.labelled.with_columns(
        is_churned=pl.when(pl.col("window_end_on") > origin_on)
        .then(~pl.col("is_churned"))
        .otherwise("is_churned")
    )
    made = walk_forward(flipped, poisoned, settings=CHURN).filter(pl.col("origin_on") == origin_on)
    assert made["churn_logit"].equals(before["churn_logit"])
    assert everyone_at(poisoned, origin_on).equals(everyone_at(tables.user_days, origin_on))


def test_another_model_is_shipped_where_past_origins_ask_for_it(tables: Tables) -> None:
    """The whole model follows: coefficients, recalibration and uncertainty are its own."""
    truth = pl.when("is_churned").then(3.0).otherwise(-3.0)
    forecasts = tables.churn_walk_forward.with_columns(
        churn_logit=pl.when(pl.col("model") == BG_NBD).then(truth).otherwise(0.0)
    )
    cutoff_on = tables.history.cutoff_on
    model = fit_churn_model(
        tables.labelled, everyone_of(tables), forecasts, cutoff_on=cutoff_on, settings=CHURN
    )
    assert model.coefficients["method"][0] == BG_NBD
    assert model.recalibration["log_loss"].drop_nulls().to_list() == pytest.approx(
        [np.log1p(np.exp(-3.0))] * model.recalibration["log_loss"].drop_nulls().len()
    )
    assert model.uncertainty.height > 0


@pytest.mark.slow
def test_fits_of_the_past_rest_on_a_share_of_a_large_log_and_forecast_everybody(
    tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(past_forecasts, "MOST_FIT_ROWS", 300)
    monkeypatch.setattr(past_forecasts, "MOST_USERS", 40)
    made = walk_forward(tables.labelled, tables.user_days, settings=CHURN)
    keys = ["origin_on", "model", "user_id"]
    assert made.select(keys).equals(tables.churn_walk_forward.select(keys))
    newest = pl.col("origin_on") == made["origin_on"].max()
    before = tables.churn_walk_forward.filter(newest)["churn_logit"]
    assert not made.filter(newest)["churn_logit"].equals(before)
    assert np.corrcoef(made.filter(newest)["churn_logit"], before)[0, 1] > 0.8

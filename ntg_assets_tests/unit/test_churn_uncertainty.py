"""Intervals know of seasons between origins and of what a linear model misses,
and of nothing where there is nothing.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.learning.candidates import fit_churn
from ntg_assets.churn.learning.design import design_matrix
from ntg_assets.churn.learning.features import CHURN_FEATURES
from ntg_assets.churn.scores import linear_logit, model_variance, score_churn
from ntg_assets.churn.uncertainty import (
    UNKNOWN_OFFSET_SD,
    UNSEEN,
    churn_uncertainty,
    foreseen_variance,
    origin_moments,
)
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.evaluation.churn.interval_coverage import churn_interval_coverage
from ntg_assets.statistics.glm import Z_95, sigmoid
from ntg_assets_tests.churn_world import (
    CHURN,
    Tables,
    everyone_of,
    leaving_tables,
    shipped_forecasts,
)

IDS = IdTypes("integer", "integer")
FIRST, STEP = date(2024, 1, 1), timedelta(days=20)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables()


def origins(offsets: list[float], *, n: int = 4000, seed: int = 1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    made = []
    for k, offset in enumerate(offsets):
        logit = rng.normal(0, 1.5, n)
        columns = {
            "user_id": np.arange(n),
            "churn_logit": logit,
            "is_churned": rng.random(n) < sigmoid(logit + offset),
        }
        made.append(pl.DataFrame(columns).with_columns(origin_on=FIRST + k * STEP))
    return pl.concat(made)


def test_right_forecasts_have_nothing_between_origins() -> None:
    moments, n_origins = origin_moments(origins([0.0] * 10))
    assert n_origins == 10
    assert np.sqrt(moments[0, 0]) < 0.05


def test_offsets_between_origins_are_found_and_stretched_for_being_few() -> None:
    offsets = [0.4, -0.4] * 5
    moments, _ = origin_moments(origins(offsets))
    # Student's t with 9 degrees of freedom
    assert np.sqrt(moments[0, 0]) == pytest.approx(0.4 * 2.262 / Z_95, rel=0.1)
    assert moments[1, 1] < 0.01  # no slope was planted


def test_below_three_origins_the_error_between_them_is_widest() -> None:
    few, n_origins = origin_moments(origins([0.0, 0.0]))
    assert (n_origins, few.tolist()) == (2, [[UNKNOWN_OFFSET_SD**2, 0.0], [0.0, 0.0]])
    assert origin_moments(origins([0.0]).clear())[0][0, 0] == UNKNOWN_OFFSET_SD**2
    apart, _ = origin_moments(origins([1.0, -1.0]))
    assert apart[0, 0] == pytest.approx(1.0, rel=0.2)
    many, _ = origin_moments(origins([0.0] * 10))
    assert many[0, 0] < few[0, 0]


def planted(tables: Tables, miss: float, *, copies: int = 12) -> tuple[pl.DataFrame, np.ndarray]:
    """Labelled rows of many users whose outcomes follow the model,
    but for a step that no linear model has.
    """
    rows = tables.labelled.sort("user_id", "snapshot_on")
    many = pl.concat(
        [rows.with_columns(user_id=pl.col("user_id") + 1000 * k) for k in range(copies)]
    )
    logit = linear_logit(matrix_of(many), tables.churn_coefficients)
    gap = many["longest_gap_days"].fill_null(0).to_numpy()
    step = miss * np.where(
        (gap > np.quantile(gap, 0.25)) & (gap < np.quantile(gap, 0.75)), 1.0, -1.0
    )
    rng = np.random.default_rng(5)
    return (
        many.with_columns(is_churned=pl.Series(rng.random(len(logit)) < sigmoid(logit + step))),
        logit,
    )


def matrix_of(rows: pl.DataFrame) -> np.ndarray:
    return design_matrix(rows, features=CHURN_FEATURES)


@pytest.mark.slow
def test_trees_foresee_what_the_linear_model_misses_and_nothing_where_it_misses_nothing(
    tables: Tables,
) -> None:
    found = {}
    for miss in (0.0, 1.0):
        rows, logit = planted(tables, miss)
        found[miss] = foreseen_variance(rows, logit, np.zeros(len(logit), dtype=np.int64))[0]
    assert found[0.0] < 0.01
    assert 0.5 < found[1.0] < 1.6  # the step's variance is 1


def test_model_error_widens_the_interval_and_moves_nothing_else(tables: Tables) -> None:
    plain = score_churn(tables.churn_snapshots, tables.churn_coefficients)
    knots = pl.DataFrame(
        {
            "knot": [1, 2],
            "churn_logit": [-2.0, 2.0],
            "between_origins": [0.3, 0.4],
            "lack_of_fit": [0.4, 0.3],
        }
    )
    wide = score_churn(tables.churn_snapshots, tables.churn_coefficients, knots)
    assert wide.drop("churn_probability_low", "churn_probability_high").equals(
        plain.drop("churn_probability_low", "churn_probability_high")
    )
    logits = [wide["churn_probability_high"].to_numpy(), plain["churn_probability_high"].to_numpy()]
    new, old = ((np.log(p / (1 - p)) - plain["churn_logit"].to_numpy()) / Z_95 for p in logits)
    inside = np.abs(new) < 5  # beyond it a probability has no digits left to tell a logit
    # 0.3^2 + 0.4^2 at both knots and between them
    assert np.sqrt(new**2 - old**2)[inside] == pytest.approx(0.5, rel=1e-3)


def test_variance_is_linear_between_knots_and_constant_beyond() -> None:
    knots = pl.DataFrame(
        {
            "knot": [1, 2],
            "churn_logit": [0.0, 1.0],
            "between_origins": [1.0, 2.0],
            "lack_of_fit": [0.0, 0.0],
        }
    )
    assert model_variance(np.array([-5.0, 0.0, 0.5, 1.0, 9.0]), knots).tolist() == [
        1.0,
        1.0,
        2.5,
        4.0,
        4.0,
    ]
    assert model_variance(np.zeros(2), None).tolist() == [0.0, 0.0]


def test_table_keeps_its_contract_and_is_empty_for_a_base_rate(tables: Tables) -> None:
    table = tables.churn_uncertainty
    check_frame(table, contract_of("churn_uncertainty"), ids=IDS)
    assert table["n_rows"].sum() == tables.labelled.height
    same = tables.labelled.with_columns(is_churned=pl.lit(value=False))
    fitted = fit_churn(same, everyone_of(tables), settings=CHURN)
    none = churn_uncertainty(shipped_forecasts(tables), same, fitted)
    assert none.is_empty()
    assert none.schema == table.schema


def test_what_trees_find_counts_more_than_once() -> None:
    assert UNSEEN > 1


def groups_of(rates: dict[int, float], *, half_width: float, n: int = 400) -> pl.DataFrame:
    """One origin a key; every user is told 0.3, and the key's share of them churned."""
    parts = []
    for origin, rate in rates.items():
        columns = {"user_id": np.arange(n), "is_churned": np.arange(n) < round(rate * n)}
        parts.append(
            pl.DataFrame(columns).with_columns(
                evaluation=pl.lit("walk_forward"), origin_on=FIRST + origin * STEP
            )
        )
    told = {
        "churn_probability": 0.3,
        "churn_probability_low": 0.3 - half_width,
        "churn_probability_high": 0.3 + half_width,
    }
    return pl.concat(parts).with_columns(**{name: pl.lit(value) for name, value in told.items()})


def test_coverage_counts_groups_whose_rate_the_interval_holds() -> None:
    sampling = Z_95 * np.sqrt(0.3 * 0.7 / 400)
    found = churn_interval_coverage(
        groups_of({0: 0.3, 1: 0.3 + sampling + 0.01, 2: 0.5}, half_width=0.1), n_bins=1
    )
    every = found.filter(pl.col("bin") == 0).row(0, named=True)
    assert (
        every["covered_share"],
        every["covered_by_sampling_share"],
        every["n_groups"],
    ) == pytest.approx((2 / 3, 1 / 3, 3))
    assert (every["low"], every["high"]) == pytest.approx((0.2, 0.4))
    check_frame(found, contract_of("churn_interval_coverage"), ids=IDS)

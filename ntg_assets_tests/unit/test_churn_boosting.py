"""The boosted challengers are tuned, and on nothing but windows that had closed before the origin
they are judged at.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from ntg_assets.churn.learning.design import design_matrix, for_trees, rounded
from ntg_assets.churn.walk_forward import closed_before
from ntg_assets.evaluation.boosting import CANDIDATES, PATIENCE, UNTUNED, is_due, tune
from ntg_assets.evaluation.churn.challengers.challenger_report import all_challenger_forecasts
from ntg_assets.evaluation.churn.challengers.challengers import tuned_sizes
from ntg_assets.evaluation.churn.challengers.origin import BOOSTED, DIRECT_LOSS, NOT_TUNED
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    leaving_tables,
)


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables(11, n_users=110)


@pytest.mark.slow
def test_the_size_with_the_smallest_loss_on_the_newest_snapshots_is_chosen(tables: Tables) -> None:
    known = tables.labelled
    churned = known["is_churned"].cast(pl.Float64).to_numpy()
    found = tune(HistGradientBoostingClassifier, known, churned, seed=1)
    sizes = known.group_by("snapshot_on").len().sort("snapshot_on", descending=True)
    first_on = sizes.filter(pl.col("len").cum_sum() >= 0.2 * known.height)["snapshot_on"][0]
    past, newest = closed_before(known, first_on), known.filter(pl.col("snapshot_on") >= first_on)
    assert past["snapshot_on"].max() <= first_on - timedelta(days=CHURN.horizon_days)
    outcome = newest["is_churned"].to_numpy()
    losses = {}
    with threadpool_limits(1):
        for size in CANDIDATES:
            trees = HistGradientBoostingClassifier(
                **size.parameters, early_stopping=False, random_state=1
            )
            trees.fit(for_trees(design_matrix(past)), past["is_churned"].to_numpy())
            told = np.array(
                [stage[:, 1] for stage in trees.staged_predict_proba(design_matrix(newest))]
            )
            # by number of trees
            losses[size.max_leaf_nodes] = -np.log(np.where(outcome, told, 1 - told)).mean(axis=1)
    assert found.max_leaf_nodes == min(losses, key=lambda leaves: losses[leaves].min())
    assert found.max_iter == losses[found.max_leaf_nodes][: found.max_iter + PATIENCE].argmin() + 1
    assert found.n_known == known.height


@pytest.mark.slow
def test_tuning_is_repeated_when_half_as_many_rows_more_are_known(tables: Tables) -> None:
    early, late = (
        closed_before(tables.labelled, on) for on in (date(2024, 5, 10), date(2024, 8, 28))
    )
    first = tuned_sizes(early, NOT_TUNED, value=VALUE, seed=1)
    assert {BOOSTED, DIRECT_LOSS} == set(first)
    again = tuned_sizes(late, first, value=VALUE, seed=1)
    assert late.height >= 1.5 * early.height
    assert [size.n_known for size in again.values()] == [late.height] * 2
    assert tuned_sizes(late, again, value=VALUE, seed=1) == again
    assert is_due(UNTUNED, late.head(0))


def test_too_little_past_or_one_outcome_leaves_small_trees(tables: Tables) -> None:
    known = tables.labelled.sort("snapshot_on").head(120)
    assert tuned_sizes(known, NOT_TUNED, value=VALUE, seed=1) == {
        BOOSTED: UNTUNED,
        DIRECT_LOSS: UNTUNED,
    }
    nobody = tables.labelled.with_columns(is_churned=pl.lit(value=False))
    assert tuned_sizes(nobody, NOT_TUNED, value=VALUE, seed=1)[BOOSTED] == UNTUNED


@pytest.mark.slow
def test_outcomes_that_were_open_at_an_origin_change_no_forecast_of_it(tables: Tables) -> None:
    origin_on = tables.churn_walk_forward["origin_on"].unique().sort()[-2]
    now = tables.labelled.filter(pl.col("snapshot_on") == origin_on)
    asked = now.select(
        pl.lit("walk_forward").alias("evaluation"), origin_on="snapshot_on", user_id="user_id"
    )
    flipped = (
        pl.when(pl.col("window_end_on") > origin_on)
        .then(~pl.col("is_churned"))
        .otherwise("is_churned")
    )
    told = [
        all_challenger_forecasts(
            asked,
            tables.churn_snapshots,
            labels,
            tables.user_days,
            churn=CHURN,
            value=VALUE,
            seed=1,
        )
        for labels in (tables.churn_labels, tables.churn_labels.with_columns(is_churned=flipped))
    ]
    assert told[0].filter(pl.col("model") == BOOSTED)["churn_probability"].n_unique() > 10
    assert told[0].equals(told[1])


def test_the_last_bit_of_a_logarithm_moves_no_tree() -> None:
    rng = np.random.default_rng(4)
    inputs = np.log1p(rng.integers(0, 40, (400, 3)).astype(float))
    churned = rng.random(400) < 1 / (1 + inputs[:, 0])
    # another processor's logarithm: the next number in half of the rows
    moved = np.nextafter(inputs, np.where(rng.random(inputs.shape) < 0.5, 9.0, inputs))
    assert (moved != inputs).any()
    with threadpool_limits(1):
        one, two = (
            HistGradientBoostingClassifier(max_iter=20, random_state=0)
            .fit(for_trees(matrix), churned)
            .predict_proba(rounded(matrix))
            for matrix in (inputs, moved)
        )
    assert two.tolist() == one.tolist()

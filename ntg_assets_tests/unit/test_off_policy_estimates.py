"""Off-policy estimates on a log that a person can work out."""

from math import sqrt

import numpy as np
import polars as pl
import pytest
from scipy.special import stdtrit

from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.contracts import IdTypes, check_frame
from ntg_assets.off_policy.contracts import OffPolicyComparisons, OffPolicyReport
from ntg_assets.off_policy.report import report_off_policy
from ntg_assets.off_policy.reward_model import fit_reward_model
from ntg_assets.off_policy.slots import divide_slots
from ntg_assets_tests.exposures import CUTOFF, ENOUGH, cell, estimate, exposures, lists_of

# user 1 sees items 10 and 11 in two places, user 2 sees 12 and 11, user 3 one item in the first
# place
LOG = exposures(
    (1, 10, 1, 0.5, 1.0),
    (1, 11, 2, 0.25, 0.0),
    (2, 12, 1, 0.2, 3.0),
    (2, 11, 2, 0.5, 2.0),
    (3, 12, 1, 0.4, 1.0),
)
LISTS = lists_of(graph={1: [10, 12], 2: [10, 11], 3: [12, 10]})


def test_each_place_counts_with_one_over_its_propensity_where_the_list_has_that_item() -> None:
    report = estimate(LOG, LISTS)
    weights = [1 / 0.5, 0, 0, 1 / 0.5, 1 / 0.4]
    rewards = [1.0, 0.0, 3.0, 2.0, 1.0]
    earned = sum(w * r for w, r in zip(weights, rewards, strict=True))
    assert cell(report, "value") == pytest.approx(earned / 5)
    assert cell(report, "value", estimator="snips") == pytest.approx(earned / sum(weights))
    assert cell(report, "value", strategy="logged", estimator="on_policy") == pytest.approx(
        (1 + 0 + 3 + 2 + 1) / 5
    )
    assert cell(report, "difference") == pytest.approx(earned / 5 - 7 / 5)
    assert cell(report, "mean_weight") == pytest.approx(sum(weights) / 5)
    assert cell(report, "effective_slots") == pytest.approx(
        sum(weights) ** 2 / sum(w**2 for w in weights)
    )
    assert cell(report, "effective_users") == pytest.approx(
        (2 + 2 + 2.5) ** 2 / (2**2 + 2**2 + 2.5**2)
    )
    assert (cell(report, "n_slots"), cell(report, "n_users")) == (5, 3)
    assert cell(report, "matched_share") == 3 / 5
    assert cell(report, "largest_weight") == 1 / 0.4
    # nobody was ever shown item 12 in the second place
    assert cell(report, "support_share") == 4 / 5


def test_intervals_are_of_users_not_of_exposures() -> None:
    report = estimate(LOG, LISTS)
    mean = (1 + 0 + 3 + 2 + 1) / 5
    # each user's rewards minus what their slots earn on average
    influence = [(1 - 2 * mean) / 5, (5 - 2 * mean) / 5, (1 - 1 * mean) / 5]
    squares = [value**2 for value in influence]
    error = sqrt(sum(squares) * 3 / 2)
    freedom = max(sum(squares) ** 2 / sum(square**2 for square in squares) - 1, 1)
    margin = stdtrit(freedom, 0.975) * error
    assert cell(report, "low", strategy="logged", estimator="on_policy") == pytest.approx(
        mean - margin
    )
    assert cell(report, "high", strategy="logged", estimator="on_policy") == pytest.approx(
        mean + margin
    )
    lonely = estimate(LOG.filter(pl.col("user_id") == 1), LISTS)
    assert cell(lonely, "low") is None


def test_what_cannot_vary_has_no_width() -> None:
    always = LOG.with_columns(reward=pl.lit(7.0))
    report = estimate(always, LISTS)
    # weights cancel
    assert [cell(report, end, estimator="snips") for end in ("low", "high")] == pytest.approx(
        [7.0, 7.0]
    )
    certain = LOG.with_columns(propensity=pl.lit(1.0))
    # the logged policy itself
    same = estimate(certain, lists_of(graph={1: [10, 11], 2: [12, 11], 3: [12, 11]}))
    assert [cell(same, end) for end in ("difference_low", "difference_high")] == [0.0, 0.0]
    # fills the first places, with certainty
    half = estimate(certain, lists_of(graph={1: [10], 2: [12], 3: [12]}))
    assert [
        cell(half, name) for name in ("mean_weight", "mean_weight_low", "mean_weight_high")
    ] == pytest.approx([3 / 5] * 3)


def test_an_empty_place_earns_nothing_and_asks_for_no_weight() -> None:
    report = estimate(LOG, lists_of(graph={1: [10], 2: [12], 3: [12]}))
    weights = [1 / 0.5, 0, 1 / 0.2, 0, 1 / 0.4]
    assert cell(report, "filled_share") == 3 / 5
    assert cell(report, "value") == pytest.approx((2 * 1 + 5 * 3 + 2.5 * 1) / 5)
    assert cell(report, "value", estimator="snips") == pytest.approx(
        3 / 5 * (2 * 1 + 5 * 3 + 2.5 * 1) / sum(weights)
    )
    assert cell(report, "support_share") == 1.0


def test_users_without_history_are_shown_the_default_list() -> None:
    # TRAIN does not know user 3
    report = estimate(LOG, lists_of(default=[12, 11], graph={1: [10, 12], 2: [10, 11]}))
    assert cell(report, "value") == pytest.approx((2 * 1 + 2 * 2 + 1 / 0.4 * 1) / 5)
    assert cell(report, "new_user_share") == 1 / 5
    # item 11, twice
    assert (
        cell(estimate(LOG, lists_of(graph={1: [10], 2: [10], 3: [12]})), "new_item_share") == 2 / 5
    )


def test_without_places_a_slot_holds_any_item_of_the_list() -> None:
    log = exposures((1, 10, None, 0.5, 1.0), (1, 13, None, 0.5, 4.0), (2, 11, None, 0.1, 2.0))
    report = estimate(log, lists_of(graph={1: [10, 12], 2: [10, 11, 13]}), list_length=2)
    weights = [1 / 2 / 0.5, 0, 1 / 2 / 0.1]  # the third item of user 2 is beyond the length
    assert cell(report, "value") == pytest.approx((weights[0] * 1 + weights[2] * 2) / 3)
    assert cell(report, "mean_weight") == pytest.approx(sum(weights) / 3)
    # nobody was shown item 12
    assert cell(report, "support_share") == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)


def test_later_places_are_left_out_and_counted() -> None:
    far = exposures((1, 10, 3, 0.5, 9.0), (1, 10, 1, 0.5, 1.0))
    slots = divide_slots(far, cutoff_at=CUTOFF, list_length=2)
    assert slots.fates.rows() == [
        ("held_out", "", 1),
        ("beyond_list", "at a place after the first 2", 1),
    ]
    assert cell(estimate(far, LISTS), "n_slots") == 1


def test_doubly_robust_adds_the_weighted_error_of_the_model_to_its_forecast() -> None:
    earlier = exposures(
        *[(9, 10, 1, 0.5, 1.0)] * 80,
        *[(9, 12, 1, 0.5, 0.0)] * 20,
        first_at=CUTOFF.replace(year=2023),
    )
    log = exposures((1, 10, 1, 0.5, 2.0), (2, 12, 1, 0.25, 1.0))
    report = estimate(pl.concat([earlier, log]), lists_of(graph={1: [10], 2: [10]}))
    mean = 80 / 100
    effect = {
        10: (80 + 20 * mean) / (80 * mean + 20 * mean),
        12: (0 + 20 * mean) / (20 * mean + 20 * mean),
    }
    forecast = {item: mean * value for item, value in effect.items()}
    first = forecast[10] + 1 / 0.5 * (2.0 - forecast[10])
    second = forecast[10] + 0 * (1.0 - forecast[12])
    assert cell(report, "value", estimator="dr") == pytest.approx((first + second) / 2)
    # nothing earlier: no model, no estimate
    assert "dr" not in estimate(log, LISTS)["estimator"].to_list()


def test_reward_model_knows_places_and_takes_the_unknown_for_average() -> None:
    rows = exposures(*[(1, 10, 1, 0.5, 1.0)] * 60, *[(1, 11, 2, 0.5, 0.0)] * 60)
    model = fit_reward_model(rows)
    assert model is not None
    places = {1: (60 + 20 * 0.5) / (60 + 20), 2: (0 + 20 * 0.5) / (60 + 20)}
    effect = (60 + 20 * 0.5) / (60 * places[1] + 20 * 0.5)
    asked = exposures((1, 10, 1, 0.5, 0.0), (1, 99, 2, 0.5, 0.0), (1, 99, 3, 0.5, 0.0))
    assert model.forecast(asked).to_list() == pytest.approx(
        [places[1] * effect, places[2] * 1.0, 0.5]
    )
    assert fit_reward_model(rows.head(99)) is None


def test_cutting_weights_is_counted_and_its_bias_is_told() -> None:
    settings = OffPolicySettings(
        largest_weight=2.0, minimum_effective_users=1, minimum_support_share=0.0
    )
    report = estimate(LOG, LISTS, settings=settings)
    assert cell(report, "value") == pytest.approx((2 * 1 + 2 * 2 + 2 * 1) / 5)
    assert cell(report, "clipped_share") == pytest.approx(1 - (2 + 2 + 2) / (2 + 2 + 2.5))
    # of the weights as they are
    assert cell(report, "mean_weight") == pytest.approx((2 + 2 + 2.5) / 5)
    assert "IPS is too low" in str(cell(report, "verdict"))


def world(n_users: int, *, scale: float = 1.0, hidden: bool = False) -> pl.DataFrame:
    """Each user draws one of four items, more or less probable;
    `scale` spoils what is logged, `hidden` never shows item 3.
    """
    rng = np.random.default_rng(5)
    chance = np.array([0.4, 0.3, 0.2, 0.1]) if not hidden else np.array([0.5, 0.3, 0.2, 0.0])
    item = rng.choice(4, size=n_users, p=chance)
    reward = (rng.random(n_users) < 0.1 * (1 + item)).astype(float)
    return exposures(
        *zip(
            range(n_users),
            item.tolist(),
            [1] * n_users,
            (scale * chance[item]).tolist(),
            reward.tolist(),
            strict=True,
        )
    )


EVERYBODY = lists_of(graph={user: [user % 4] for user in range(4_000)})


def test_right_propensities_pass_and_wrong_ones_are_named() -> None:
    right = estimate(world(4_000), EVERYBODY)
    assert cell(right, "supports_claim") is True
    assert cell(right, "verdict") == "the checks hold"
    low = estimate(world(4_000, scale=0.8), EVERYBODY)
    assert cell(low, "supports_claim") is False
    assert "where 1 is expected: propensities are too low" in str(cell(low, "verdict"))
    high = estimate(world(4_000, scale=1.25), EVERYBODY)
    assert (
        "where 1 is expected: propensities are too high, or the log could not have shown all"
        in str(cell(high, "verdict"))
    )


def test_missing_support_and_thin_evidence_are_named() -> None:
    settings = OffPolicySettings(minimum_effective_users=100, minimum_support_share=0.9)
    hidden = estimate(world(4_000, hidden=True), EVERYBODY, settings=settings)
    assert cell(hidden, "support_share") == 3 / 4
    assert "the log has never shown 25% of what the strategy would show" in str(
        cell(hidden, "verdict")
    )
    thin = estimate(world(200), EVERYBODY, settings=settings, minimum_users=300)
    assert "thin evidence: 200 of the 300 users" in str(cell(thin, "verdict"))
    assert "users; 100 are needed" in str(
        cell(estimate(world(150), EVERYBODY, settings=settings), "verdict")
    )


def test_a_mean_weight_that_could_be_anything_supports_no_claim() -> None:
    rare = exposures(
        *[(user, user % 4, 1, 0.25, 1.0) for user in range(400)], (400, 0, 1, 0.001, 1.0)
    )
    report = estimate(
        rare, lists_of(graph={user: [user % 4 if user % 4 == 0 else 9] for user in range(401)})
    )
    assert "too uncertain to notice wrong propensities" in str(cell(report, "verdict"))


def test_nothing_shown_that_a_strategy_would_show() -> None:
    report = estimate(LOG, lists_of(graph={1: [98], 2: [98], 3: [98]}))
    # no weight at all: nothing to normalise by
    assert report["estimator"].to_list() == ["on_policy", "ips"]
    assert cell(report, "value") == 0.0
    assert cell(report, "supports_claim") is False


def test_a_comparison_is_believed_only_where_both_sides_are() -> None:
    lists = lists_of(
        graph={user: [user % 4] for user in range(4_000)},
        blend={user: [9] for user in range(4_000)},
    )
    slots = divide_slots(world(4_000), cutoff_at=CUTOFF, list_length=2)
    report, pairs = report_off_policy(slots, lists, settings=ENOUGH, list_length=2, minimum_users=1)
    assert (cell(report, "supports_claim"), cell(report, "supports_claim", strategy="blend")) == (
        True,
        False,
    )
    assert pairs["strategy"].to_list() == ["blend", "graph"]
    assert not pairs["supports_claim"].any()


def test_tables_keep_their_contracts_with_rows_and_without() -> None:
    ids = IdTypes("integer", "integer")
    both = lists_of(
        graph={1: [10, 12], 2: [10, 11], 3: [12, 10]},
        popularity={1: [10, 11], 2: [12, 11], 3: [12, 11]},
    )
    for rows in (LOG, LOG.clear()):
        slots = divide_slots(rows, cutoff_at=CUTOFF, list_length=2)
        report, pairs = report_off_policy(
            slots, both, settings=ENOUGH, list_length=2, minimum_users=1
        )
        check_frame(report, OffPolicyReport, ids=ids)
        check_frame(pairs, OffPolicyComparisons, ids=ids)
    slots = divide_slots(LOG, cutoff_at=CUTOFF, list_length=2)
    report, pairs = report_off_policy(slots, both, settings=ENOUGH, list_length=2, minimum_users=1)
    ours = pairs.filter((pl.col("strategy") == "graph") & (pl.col("estimator") == "ips"))
    assert ours["difference"].item() == pytest.approx(
        float(cell(report, "value")) - float(cell(report, "value", strategy="popularity"))  # type: ignore[arg-type]
    )

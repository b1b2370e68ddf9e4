"""How a later end hangs on today: what is seen rules, a stated prior holds the rest."""

import numpy as np
import polars as pl
import pytest

from ntg_assets.statistics.glm import sigmoid
from ntg_assets.subscriptions.survival.landmark import (
    MIN_FAR_ENDS,
    PRIOR,
    Far,
    fit_landmark,
    most_probable,
)
from ntg_assets.subscriptions.survival.persistence import PERSISTENCE_TYPES, far_hazards


def far(n_contracts: int, *, slope: float, lags: int = 4) -> tuple[Far, np.ndarray]:
    """Contracts looked at once; each ends in a later period with odds that hang on today's."""
    rng = np.random.default_rng(5)
    score = rng.normal(0, 1, n_contracts)
    row = np.repeat(np.arange(n_contracts), lags)
    lag = np.tile(np.arange(1, lags + 1), n_contracts)
    ended = (rng.random(len(row)) < sigmoid(-2 + slope * score[row])).astype(float)
    return Far(row, lag, lag.copy(), ended, np.arange(len(row))), score


def twice(seen: Far) -> Far:
    return Far(*(np.tile(getattr(seen, name), 2) for name in seen.__dataclass_fields__))


def test_a_period_that_two_snapshots_saw_counts_once() -> None:
    seen, score = far(300, slope=0.8)
    once, again = fit_landmark(seen, score), fit_landmark(twice(seen), score)
    assert once is not None
    assert again is not None
    assert again.coefficients == pytest.approx(once.coefficients, rel=1e-9)
    assert again[1:] == once[1:]


def test_many_ends_rule_and_few_leave_the_prior() -> None:
    """The slope one renewal ahead: planted 2.0, the prior's 0.75."""

    def slope_of(n: int) -> float:
        line = fit_landmark(*far(n, slope=2.0, lags=1))
        assert line is not None
        return float(line.coefficients[1] + line.coefficients[3] * np.log(2))

    assert slope_of(40_000) == pytest.approx(2.0, abs=0.1)
    assert PRIOR[1] < slope_of(150) < 2.0


def test_without_a_row_the_prior_is_left() -> None:
    nothing = most_probable(np.ones((0, len(PRIOR))), np.ones(0), np.ones(0))
    assert nothing == pytest.approx(PRIOR)


def test_too_few_ends_make_no_line() -> None:
    seen, score = far(200, slope=0.0)
    ends = np.flatnonzero(seen.ended)
    for n_ends in (MIN_FAR_ENDS - 1, MIN_FAR_ENDS):
        ended = np.zeros(len(seen.row))
        ended[ends[:n_ends]] = 1.0
        few = Far(seen.row, seen.lag, seen.number, ended, seen.contract_period)
        assert (fit_landmark(few, score) is None) == (n_ends < MIN_FAR_ENDS)


def test_the_line_says_how_far_it_was_seen() -> None:
    """Three thousand contracts, four renewals ahead; of a fifth one nobody knows."""
    line = fit_landmark(*far(3_000, slope=0.5))
    assert line is not None
    assert (line.longest_lag, line.longest_tenure) == (4, 4)


def test_nothing_is_carried_on_beyond_what_was_seen_and_no_score_turns_round() -> None:
    """A line read at 2 renewals ahead and a tenure of 3, whose score would turn after 1.7."""
    line = {"intercept": -2.0, "score": 1.0, "log_lag": 0.5, "score_by_log_lag": -1.0}
    more = {"log_tenure": 1.0, "score_mean": 0.0, "longest_lag": 2, "longest_tenure": 3}
    row = dict.fromkeys(PERSISTENCE_TYPES) | line | more
    row |= {"period_months": 1, "period_days": 0, "method": "landmark", "n_periods": 9}
    table = pl.DataFrame([row | {"n_ended": 9}], schema=PERSISTENCE_TYPES)
    day = pl.date(2024, 1, 15)
    rows = pl.DataFrame({"period_months": [1, 1], "period_days": [0, 0]}).with_columns(
        snapshot_on=day,
        anchor_on=pl.date(2024, 1, 1),
        contract_started_on=pl.date(2024, 1, 1),
        contract_end_on=pl.lit(None, pl.Date),
        contract_end_kind=pl.lit(None, pl.String),
    )
    chances = far_hazards(table, rows, np.array([0.0, 1.0]), n_lags=6)
    first = -2 + 0.5 * np.log(2) + 1.0 * np.log(2) + (1 - np.log(2)) * np.array([0.0, 1.0])
    assert chances[:, 0] == pytest.approx(sigmoid(first))
    held = -2 + 0.5 * np.log(3) + 1.0 * np.log(4)  # the slope 1 - ln 3 < 0 is none
    assert chances[:, 2:] == pytest.approx(np.full((2, 4), sigmoid(np.array([held]))[0]))

"""Ways to tell what comes after the next horizon: returns, seasons, the present pace."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from ntg_assets.revenue.value.ways.day_log import DayLog, day_log
from ntg_assets.revenue.value.ways.population import period_ends, period_weights, seasonal
from ntg_assets.revenue.value.ways.present_pace import pace_levels, present_paces
from ntg_assets.revenue.value.ways.returns_chain import returns_shape
from ntg_assets.revenue.value.ways.seasons import YEAR_DAYS, Season, fit_season, unlearned_error
from ntg_assets_tests.churn_world import CHURN, VALUE, days

NOTHING_CAPPED = pl.DataFrame(schema={"user_id": pl.Int64, "active_on": pl.Date})


def test_who_skips_a_period_may_return_by_as_many_as_did() -> None:
    # every user is active in every other period: silent for one period, all return
    pattern = np.tile([True, False], 5)
    users = np.stack([pattern, ~pattern] * 200)
    active, silent = returns_shape(users, n_periods=4, last_length=0.5)
    assert active[0] == pytest.approx([1, 0, 1, 0], abs=0.02)
    # who ended active skips the first period for sure, and then returns
    assert silent[1] == pytest.approx([0, 1, 0, 0.5], abs=0.02)


def test_periods_are_whole_but_the_last_one() -> None:
    assert period_ends(horizon_days=365, period_days=90) == (90, 180, 270, 360, 365)
    assert period_ends(horizon_days=7, period_days=30) == (30,)
    whole = period_weights(horizon_days=100, period_days=40, annual_discount=0.0)
    assert whole.tolist() == [1.0, 1.0, 1.0]
    assert period_weights(horizon_days=7, period_days=28, annual_discount=0.0).tolist() == [0.25]


def busy_year(n_days: int, *, swing: float, jump: float = 1.0) -> DayLog:
    """Users who join evenly and come by chance, more in one half of the year."""
    rng = np.random.default_rng(11)
    users, ages, amounts = [], [], []
    for user in range(400):
        at = np.arange(int(rng.integers(0, n_days - 60)), n_days)
        came = rng.random(len(at)) < 0.15 * np.exp(swing * np.sin(2 * np.pi * at / YEAR_DAYS))
        came[0] = True
        users.append(np.full(came.sum(), user))
        ages.append(n_days - at[came])
        amounts.append(np.where(at[came] > n_days / 2, jump, 1.0))
    return DayLog(400, *(np.concatenate(part) for part in (users, ages, amounts)))


def test_a_season_is_learned_where_it_came_twice_and_nowhere_else() -> None:
    season = fit_season(busy_year(730, swing=0.4), log_days=730)
    assert np.hypot(season.cosine, season.sine) == pytest.approx(0.4, abs=0.06)
    ahead = np.arange(0, 360, 30)
    truth = np.exp(0.4 * np.sin(2 * np.pi * (730 + ahead) / YEAR_DAYS))
    assert season.at(ahead) == pytest.approx(truth, rel=0.1)
    assert season.mean(0, 30) == pytest.approx(season.at(np.arange(30)).mean())
    steady = fit_season(busy_year(730, swing=0.0, jump=5.0), log_days=730)
    assert np.hypot(steady.cosine, steady.sine) < 0.06  # a price that jumps is none
    assert fit_season(busy_year(400, swing=0.4), log_days=400) == Season()
    # what is not known is 0.3 of the wave: all of it half a year on, nothing of it after whole ones
    assert unlearned_error(n_days=1, looked_back_days=1) == pytest.approx(0.0, abs=0.01)
    halves = unlearned_error(n_days=183, looked_back_days=182)
    assert halves == pytest.approx(0.3 * 2 * 2 / np.pi, rel=0.01)  # the mean of half a wave is 2/pi
    assert unlearned_error(n_days=1461, looked_back_days=1461) == pytest.approx(0.0, abs=1e-6)


def test_what_comes_is_told_by_its_time_of_the_year_and_not_by_that_of_the_last_weeks() -> None:
    busy = Season(cosine=0.4)  # the cutoff is the height of the season
    factors = seasonal(busy, (60, 120, 180, 240, 300, 360), tenure_days=np.full(5, 730))
    assert factors.structural.mean() == pytest.approx(1.0, abs=0.03)  # two whole years were seen
    assert factors.paces.tolist() == pytest.approx(
        [busy.mean(d, d + 60) for d in range(0, 360, 60)]
    )
    assert factors.calibrated[2] < 0.65  # half a year on, over the two busy periods before
    flat = seasonal(Season(), (60, 120), tenure_days=np.full(5, 730))
    assert all((part == 1).all() for part in flat)


def test_a_half_life_is_learned_from_what_followed() -> None:
    # what followed is three times the pace of the last days: old days say nothing
    pace, seen = np.array([[1.0, 4.0], [2.0, 2.0]]), np.array([3.0, 6.0])
    levels = pace_levels([10.0, 40.0], pace, seen)
    assert [row.half_life_days for row in levels] == [10.0, 40.0]
    assert [row.level for row in levels] == pytest.approx([9 / 3, 9 / 6])
    assert pace_levels([10.0, 40.0], pace, 0.0 * seen) == []


def test_a_pace_knows_nothing_of_its_cutoff_and_what_comes_after() -> None:
    rng = np.random.default_rng(1)
    rows = [
        (user, f"2024-0{1 + day // 30}-{1 + day % 30:02d}")
        for user in range(60)
        for day in np.flatnonzero(rng.random(150) < 0.02 + 0.3 * (user % 3))
        if day not in {29, 59, 149}
    ]
    user_days = days(*rows)
    before = user_days.filter(pl.col("active_on") < date(2024, 5, 1))
    users = before["user_id"].unique().sort()

    def paces(rows: pl.DataFrame) -> dict[str, np.ndarray]:
        log = day_log(rows, users, NOTHING_CAPPED, cutoff_on=date(2024, 5, 1))
        return present_paces(log, Season(), log_days=121, churn=CHURN, value=VALUE)

    found = paces(user_days)
    assert set(found) == {"present_pace", "learned_pace"}
    for name, pace in paces(before.sample(fraction=1.0, shuffle=True, seed=1)).items():
        assert (pace == found[name]).all()
    often, rarely = (found["learned_pace"][users.to_numpy() % 3 == k].mean() for k in (2, 0))
    assert often > 5 * rarely


def test_sums_over_days_by_hand() -> None:
    user_days = days((1, "2024-05-30"), (1, "2024-06-01"), (3, "2024-05-02"), (7, "2024-05-31"))
    capped = pl.DataFrame(
        {"user_id": [3], "active_on": [date(2024, 5, 2)], "counted_value": [0.25]}
    )
    log = day_log(user_days, pl.Series([1, 2, 3]), capped, cutoff_on=date(2024, 6, 1))
    assert log.n_days(log.is_past).tolist() == [1, 0, 1]  # user 7 is not looked at
    assert log.value(log.is_past).tolist() == [1.0, 0.0, 0.25]
    ones = np.ones(len(log.user))
    # the last ten days before the cutoff, the ten from it on; 30 days before it is further off
    assert log.by_period(ones, first=-1, n_periods=2, period_days=10).tolist() == [
        [1, 1],
        [0, 0],
        [0, 0],
    ]
    assert log.by_period(ones, first=-3, n_periods=1, period_days=10)[2].tolist() == [1]

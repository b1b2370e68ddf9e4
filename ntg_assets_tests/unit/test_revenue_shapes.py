"""What carries a forecast of the next horizon on to the stated one: models of visits, returns, and
earlier cuts as the judge between them.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import gammaln, hyp2f1

from ntg_assets.churn import pareto_nbd
from ntg_assets.churn.bg_nbd import Visits, silence_probability
from ntg_assets.churn.pareto_nbd import (
    ParetoNbd,
    alive_probability,
    expected_visits,
    fit_pareto_nbd,
    log_likelihood,
)
from ntg_assets.churn.visit_models import VISIT_MODELS, visit_shape
from ntg_assets.revenue.value.blending import blend, combined
from ntg_assets.revenue.value.ltv import stakes
from ntg_assets.revenue.value.money_grid import grid_step, on_grid, product_on_grid
from ntg_assets.revenue.value.value_evidence import (
    EVIDENCE_SCHEMA,
    captured_loss,
    misplaced_share,
)
from ntg_assets.revenue.value.value_levels import correction
from ntg_assets.revenue.value.value_ranges import measure_ranges, range_of
from ntg_assets.revenue.value.value_shapes import in_words, value_shapes
from ntg_assets.revenue.value.value_spread import Spread, fit_spread
from ntg_assets.revenue.value.ways.day_log import DayLog, day_log
from ntg_assets.revenue.value.ways.population import period_ends, period_weights, seasonal
from ntg_assets.revenue.value.ways.present_pace import pace_levels, present_paces
from ntg_assets.revenue.value.ways.returns_chain import returns_shape
from ntg_assets.revenue.value.ways.seasons import YEAR_DAYS, Season, fit_season, unlearned_error
from ntg_assets_tests.churn_world import CHURN, VALUE, days

CUT = date(2024, 6, 1)
EVEN = [0.05] * 20
NOTHING_CAPPED = pl.DataFrame(schema={"user_id": pl.Int64, "active_on": pl.Date})


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


def test_nine_of_ten_lie_in_a_range_also_where_most_bring_nothing() -> None:
    rng = np.random.default_rng(2)
    told = np.linspace(1.0, 2.0, 1_000)
    seen = told * rng.exponential(1.0, 1_000)
    whole = measure_ranges(told, seen)
    low, high = range_of(told, whole)
    # bins of 50, each ending at a row: up to a row more on either side
    assert 0.9 <= ((low <= seen) & (seen <= high)).mean() <= 0.9 + 2 / 50
    assert (low > 0).all()
    seen[np.arange(1_000) % 5 < 3] = 0.0  # all of them inside, and three of four of the others
    low, high = range_of(told, measure_ranges(told, seen))
    assert (low == 0).all()
    assert 0.9 <= (seen <= high).mean() <= 0.9 + 1 / 50


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


def test_products_on_a_grid_are_exact_and_add_up() -> None:
    rng = np.random.default_rng(1)
    share, amounts = rng.random(50_000), rng.lognormal(3, 2, 50_000)
    share[:3] = [0.0, 1.0, 1e-9]
    step = grid_step(float(amounts.sum()))
    moved, product = product_on_grid(share, amounts, step)
    assert (share * moved == product).all()
    assert (product / step == np.rint(product / step)).all()
    assert moved[share > 0.01] == pytest.approx(amounts[share > 0.01], rel=1e-5, abs=1e-5)
    assert np.sort(product).sum() == product.sum() == sum(product.tolist())


def test_stakes_divide_the_whole_without_clipping() -> None:
    p, share = np.array([0.2, 0.9, 0.5, 1.0]), np.array([0.0, 0.5, 1.0, 0.3])
    found = stakes(np.full(4, 100.0), share, p, np.array([True, True, True, False]))
    assert found.if_stays.tolist() == pytest.approx([100 / 0.8, 100 / 0.55, 100, 100])
    assert found.if_leaves.tolist() == pytest.approx([0.0, 50 / 0.55, 100, 100], abs=1e-9)
    assert found.ltv.tolist() == pytest.approx([100] * 4)
    assert (found.ltv + found.at_risk == found.if_stays).all()


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e12])
def test_the_identity_has_no_unit(scale: float) -> None:
    rng = np.random.default_rng(2)
    total, p = scale * rng.lognormal(2, 2, 1000), rng.random(1000)
    found = stakes(total, rng.random(1000), p, rng.random(1000) < 0.8)
    assert (found.ltv + found.at_risk == found.if_stays).all()
    assert found.ltv.sum() + found.at_risk.sum() == found.if_stays.sum()
    assert found.ltv.sum() == pytest.approx(total.sum(), rel=1e-9)


def evidence(*rows: tuple[int, str, float, float], captured: float = 1.0) -> pl.DataFrame:
    """Evidence of (periods, way, told over seen, misplaced share): cutoffs end at one day."""
    made = [
        (*_span(n), name, 100.0 * ratio, 100.0, off, 50.0 * captured, 50.0, EVEN, EVEN, 500)
        for n, name, ratio, off in rows
    ]
    return pl.DataFrame(made, schema=EVIDENCE_SCHEMA, orient="row")


def _span(n: int) -> tuple[date, date, int, int]:
    return CUT - timedelta(days=30 * n), CUT, n, 30 * n


def weights(found: pl.DataFrame) -> dict[str, float]:
    return dict(found.select("candidate", "weight").iter_rows())


def test_the_way_that_misplaced_half_counts_more_the_more_cutoffs_say_so() -> None:
    known = evidence((4, "bg_nbd", 1.0, 0.1), (4, "pareto_nbd", 1.0, 0.2))
    found = value_shapes(known, known_on=CUT, n_stated=4, available=["bg_nbd", "pareto_nbd"])
    odds = 2 ** (4 * 1 / (1 + 2))
    assert weights(found)["bg_nbd"] == pytest.approx(odds / (1 + odds))
    assert found.filter("is_heaviest")["candidate"].to_list() == ["bg_nbd"]
    assert "bg_nbd 72%, pareto_nbd 28%" in in_words(found)
    assert "the sum leans most on bg_nbd (50%)" in in_words(found)
    many = evidence(
        *(
            (n, way, 1.0, off)
            for n in range(1, 7)
            for way, off in (("bg_nbd", 0.1), ("pareto_nbd", 0.2))
        )
    )
    found = value_shapes(many, known_on=CUT, n_stated=4, available=["bg_nbd", "pareto_nbd"])
    assert weights(found)["bg_nbd"] == pytest.approx(8 / 9)  # 2 ** (4 * 6 / (6 + 2))


def test_a_missed_loss_counts_three_times_as_much_as_misplaced_money() -> None:
    known = pl.concat(
        [
            evidence((4, "bg_nbd", 1.0, 0.1)),
            evidence((4, "present_pace", 1.0, 0.1), captured=0.95),
        ]
    )
    found = value_shapes(known, known_on=CUT, n_stated=4, available=["bg_nbd", "present_pace"])
    odds = ((0.1 + 3 * 0.05) / 0.1) ** (4 * 1 / (1 + 2))
    assert weights(found)["bg_nbd"] == pytest.approx(odds / (1 + odds))
    assert dict(found.select("candidate", "captured_share").iter_rows())["present_pace"] == 0.95


def test_ways_are_added_up_by_v_and_r() -> None:
    # V of 100 and 50, R of 20 and 25, P of 0.8: the parts are halved, not the totals' quotient
    p = np.array([0.8])
    parts = [
        (0.5, np.array([0.2 * 100 + 0.8 * 20]), np.array([0.2])),
        (0.5, np.array([0.2 * 50 + 0.8 * 25]), np.array([0.5])),
    ]
    total, share = blend(parts, p)
    assert share.tolist() == pytest.approx([(20 + 25) / (100 + 50)])
    assert total.tolist() == pytest.approx([0.2 * 75 + 0.8 * 22.5])
    found = stakes(total, share, p, np.array([True]))
    assert found.if_stays.tolist() == pytest.approx([75.0])
    assert found.at_stake.tolist() == pytest.approx([75.0 - 22.5])


def test_where_no_cut_knew_who_might_leave_what_ways_usually_held_stands() -> None:
    unknown = pl.concat(
        [
            evidence((4, name, 1.0, 0.1)).with_columns(
                captured_loss=pl.lit(None, pl.Float64), attainable_loss=pl.lit(None, pl.Float64)
            )
            for name in ("bg_nbd", "present_pace")
        ]
    )
    found = value_shapes(unknown, known_on=CUT, n_stated=4, available=["bg_nbd", "present_pace"])
    odds = ((0.1 + 3 * 0.25) / (0.1 + 3 * 0.05)) ** (4 * 1 / (1 + 2))
    assert weights(found)["present_pace"] == pytest.approx(odds / (1 + odds))
    assert found["captured_share"].null_count() == 7


def test_the_sum_is_judged_apart_from_who_brings_it() -> None:
    # one way tells the sum at every cutoff; the other, which divides it better, now half of it and
    # now twice: the sum is the first one's, the division that of the second
    known = evidence(
        *((n, "bg_nbd", 1.0, 0.5) for n in (1, 2, 4, 8)),
        *(
            (n, "present_pace", ratio, 0.03)
            for n, ratio in ((1, 0.4), (2, 1.6), (4, 0.5), (8, 2.0))
        ),
    )
    ways = ["bg_nbd", "present_pace"]
    shapes = value_shapes(known, known_on=CUT, n_stated=4, available=ways)
    assert weights(shapes)["present_pace"] > 0.9
    levels = dict(shapes.select("candidate", "level_weight").iter_rows())
    assert levels["bg_nbd"] > 0.9
    assert sum(levels.values()) == pytest.approx(1)
    share = np.zeros(2)
    told = {
        "bg_nbd": (np.array([50.0, 50.0]), share),
        "present_pace": (np.array([9.0, 1.0]), share),
    }
    total, _ = blend(combined(told, shapes, n_periods=4), np.zeros(2))
    assert 75 < total.sum() < 110
    assert total[0] / total.sum() > 0.8
    assert combined({"bg_nbd": (np.zeros(2), share)}, shapes, n_periods=4) == []


def test_forecasts_come_together_as_far_as_earlier_cuts_bear_it_out() -> None:
    told = np.array([0.02, 0.08, 0.2, 0.7])
    assert fit_spread([], []) == Spread(1.0, 0.0)
    # as told, at ten cutoffs: nothing moves
    assert fit_spread([told] * 10, [told] * 10) == Spread(1.0, 0.0)
    # the square root of what was told came: half the power, and one cutoff moves a third of the way
    root = np.sqrt(told) / np.sqrt(told).sum()
    assert fit_spread([told], [root]).power == pytest.approx(1 - 0.5 / 3)
    assert fit_spread([told] * 18, [root] * 18).power == pytest.approx(1 - 0.5 * 0.9)
    # everybody has a tenth of the sum alike
    floored = 0.9 * told + 0.1 / 4
    learned = fit_spread([told] * 98, [floored] * 98)
    assert learned.floor == pytest.approx(0.1, abs=0.05)
    amounts = np.array([0.0, 1.0, 5.0, 94.0])
    assert learned.of(amounts).sum() == pytest.approx(100.0)
    assert (np.diff(learned.of(amounts)) > 0).all()
    assert learned.of(amounts)[0] > 0


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


def test_captured_loss_by_hand() -> None:
    # two of ten leave; V - R = told / (1 - P) here. The way puts the poorer of them first
    users = pl.DataFrame(
        {
            "is_at_risk": True,
            "churn_probability": [0.5] * 10,
            "recent_value": [5.0, 3.0] + [1.0] * 8,
            "is_silent_first": [True, True] + [False] * 8,
            "told_x": [2.0, 3.0] + [1.0] * 8,
            "leaver_share_x": [0.0] * 10,
        }
    )
    captured, attainable = captured_loss(users, "x")
    assert captured == pytest.approx((3 + 3 + 8) / 3)  # of the first 1, 1 and 2
    assert attainable == pytest.approx((5 + 5 + 8) / 3)
    nobody = users.with_columns(churn_probability=pl.lit(None, pl.Float64))
    assert captured_loss(nobody, "x") == (None, None)


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


def test_what_had_not_closed_by_then_is_not_looked_at() -> None:
    known = evidence((4, "bg_nbd", 1.0, 0.1), (4, "pareto_nbd", 1.0, 0.2))
    found = value_shapes(known, known_on=CUT - timedelta(days=1), n_stated=4)
    assert list(weights(found).values()) == pytest.approx([1 / 7] * 7)
    assert found["misplaced_share"].null_count() == 7
    assert "no earlier cut" in in_words(found)


def test_a_log_that_fades_takes_its_trend_along_and_one_cut_proves_little() -> None:
    fading = [(n, "bg_nbd", 1.15 ** np.log2(n), 0.1) for n in (1, 2, 4, 8)]
    level, trend = correction(evidence(*fading))
    assert -np.log(1.15) < trend < -0.5 * np.log(1.15)
    assert -0.1 < level < 0.0
    assert abs(correction(evidence((1, "bg_nbd", 1.5, 0.3)))[0]) < 0.5 * np.log(1.5)
    assert correction(evidence()) == (0.0, 0.0)
    # a cutoff at which a way told a tenth, for it had nothing to learn from, moves next to nothing
    assert 0 < correction(evidence((1, "bg_nbd", 0.1, 0.3)))[0] < 0.06


def test_misplaced_money_by_hand() -> None:
    told = np.arange(1.0, 11.0)
    assert misplaced_share(told, told) == 0.0
    assert misplaced_share(told, told[::-1]) == pytest.approx(
        sum(abs(k - (11 - k)) for k in range(1, 11)) / 55
    )
    assert on_grid(np.array([0.3]), 0.25).tolist() == [0.25]

"""Earlier cuts as the judge between the ways: weights, level, trend, what is misplaced."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ntg_assets.revenue.value.blending import blend, combined
from ntg_assets.revenue.value.money_grid import on_grid
from ntg_assets.revenue.value.value_evidence import (
    EVIDENCE_SCHEMA,
    captured_loss,
    misplaced_share,
)
from ntg_assets.revenue.value.value_levels import correction
from ntg_assets.revenue.value.value_shapes import in_words, value_shapes

CUT = date(2024, 6, 1)


EVEN = [0.05] * 20


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


def test_a_way_that_is_far_off_at_every_cut_has_next_to_no_say_in_the_sum() -> None:
    cuts = (1, 2, 4, 8)
    known = evidence(
        *((n, "bg_nbd", 20.0, 0.1) for n in cuts),  # told twenty times what came
        *((n, "pareto_nbd", 1.1, 0.1) for n in cuts),
    )
    shapes = value_shapes(known, known_on=CUT, n_stated=4, available=["bg_nbd", "pareto_nbd"])
    levels = dict(shapes.select("candidate", "level_weight").iter_rows())
    assert levels["bg_nbd"] < 0.02
    # at one cut of four it is a bad cut
    once = evidence(*((n, "bg_nbd", 20.0 if n == 1 else 1.1, 0.1) for n in cuts))
    both = pl.concat([once, known.filter(pl.col("candidate") == "pareto_nbd")])
    shapes = value_shapes(both, known_on=CUT, n_stated=4, available=["bg_nbd", "pareto_nbd"])
    levels = dict(shapes.select("candidate", "level_weight").iter_rows())
    assert levels["bg_nbd"] > 0.3


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

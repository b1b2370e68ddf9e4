"""Units by the day on which they came, and the effect on early units beside that on late ones."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ntg_assets.contracts import check_frame, contract_of
from ntg_assets.statistics import library as st
from ntg_assets.statistics.shares.proportions import sample_ratio_p
from ntg_assets_tests.trials import Concluded, conclude, trial, write_logs

START = datetime(2026, 1, 5)
DAYS, PER_DAY = 14, 60


def concluded(home: Path, *, odd_day: int | None = None) -> Concluded:
    """Let as many units come to either arm each day; on the odd day nearly all go to one."""
    rng = np.random.default_rng(6)
    seen: list[tuple[Any, ...]] = []
    did: list[tuple[Any, ...]] = [("other", START + timedelta(days=60), "buy", 0)]
    for unit in range(DAYS * PER_DAY):
        day, place = divmod(unit, PER_DAY)
        arm = "b" if place % 2 else "a"
        if day == odd_day:
            arm = "b" if place % 10 else "a"
        elif odd_day is not None and day == odd_day + 1:
            arm = "a" if place % 10 else "b"
        at = START + timedelta(days=day, minutes=place)
        seen.append((unit, arm, at))
        lift = (2.0 if day < DAYS / 2 else 0.5) * (arm == "b")
        did.append((unit, at + timedelta(days=1), "buy", round(10 + rng.normal() + lift, 3)))
    write_logs(home, seen=seen, did=did)
    return conclude(trial(planned_units=DAYS * PER_DAY), home)


@pytest.mark.slow
def test_early_and_late_units_have_an_effect_of_their_own(tmp_path: Path) -> None:
    found = check_frame(concluded(tmp_path).cohorts, contract_of("effect_by_cohort"))
    rows = found.filter(cohort_kind="half").to_dicts()
    assert [row["cohort"] for row in rows] == ["early", "late"]
    early, late = rows
    assert early["difference"] == pytest.approx(2.0, abs=0.3)
    assert late["difference"] == pytest.approx(0.5, abs=0.3)
    assert early["n_control"] + late["n_control"] == DAYS * PER_DAY / 2
    assert (late["exposed_from_at"] - START).days == DAYS / 2
    values = np.random.default_rng(6).normal(size=DAYS * PER_DAY)[: DAYS * PER_DAY // 2]
    by_arm = [np.round(10 + values[np.arange(len(values)) % 2 == b] + 2 * b, 3) for b in (0, 1)]
    expected = st.compare_means(*(st.sample_from_values(y) for y in by_arm))
    assert early["difference_low"] == pytest.approx(expected.low, abs=1e-3)
    assert early["relative_high"] == pytest.approx(expected.relative_high, abs=1e-3)


@pytest.mark.slow
def test_weeks_and_days_of_exposure_have_an_effect_of_their_own(tmp_path: Path) -> None:
    found = concluded(tmp_path).cohorts
    halves, weeks, days = (
        found.filter(cohort_kind=kind).to_dicts() for kind in ("half", "week", "day")
    )
    # seven days are half of these two weeks, so they hold the same units
    assert [row["cohort"] for row in weeks] == ["2026-01-05", "2026-01-12"]
    for half, week in zip(halves, weeks, strict=True):
        assert half["difference"] == week["difference"]
        assert half["p_cohorts_alike"] == week["p_cohorts_alike"] < 1e-6  # 2 and 0.5
    assert [row["cohort"] for row in days] == [
        f"{START + timedelta(days=day):%Y-%m-%d}" for day in range(DAYS)
    ]
    assert {row["n_control"] for row in days} == {PER_DAY / 2}
    mean = np.mean([row["difference"] for row in days[:7]])
    assert mean == pytest.approx(weeks[0]["difference"])  # days are of one size


@pytest.mark.slow
def test_a_day_on_which_the_weights_did_not_hold_is_named(tmp_path: Path) -> None:
    even = concluded(tmp_path).checks["sample_ratio_by_day"]
    assert even["verdict"] == "healthy"
    found = concluded(tmp_path, odd_day=3).checks
    assert found["sample_ratio"]["verdict"] == "healthy"  # the day after makes up for it
    day = found["sample_ratio_by_day"]
    assert day["verdict"] == "warning"
    assert "do not fit the weights in day 2026-01-08 (6 : 54" in day["sentence"]
    assert day["value"] == pytest.approx(14 * sample_ratio_p([6, 54], [1, 1]), rel=1e-6)

"""Ratios of units without a past, and of units that did nothing at all: read out as they are,
or told why not.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from ntg_assets.configuration.experiments.settings import ExperimentsSettings
from ntg_assets_tests.trials import Concluded, conclude, trial, write, write_logs

START = datetime(2026, 1, 5)
METRICS = [
    {"name": "revenue", "kind": "revenue"},
    {"name": "order_value", "kind": "ratio", "measure": "value", "denominator": "events"},
    {"name": "bought", "kind": "proportion", "measure": "any"},
]
RATIO = "Welch t of a ratio (delta method)"
NO_PAST = ", no covariate: no unit has a past"


def seen() -> list[tuple[Any, ...]]:
    return [(unit, "ab"[unit % 2], START + timedelta(hours=unit)) for unit in range(40)]


def orders(*, after: bool = True, past: str = "") -> list[tuple[Any, ...]]:
    """Two units of three order once after their exposure, if any;
    those of the arms in `past` ordered before it, too.
    """
    done = [
        (unit, at + timedelta(days=2), "buy", 10 + unit % 5)
        for unit, _, at in seen()
        if after and unit % 3
    ]
    done += [
        (unit, at - timedelta(days=3), "buy", 1 + unit % 7)
        for unit, arm, at in seen()
        if arm in past
    ]
    return [*done, (9999, START + timedelta(days=80), "buy", 1)]


def read(
    home: Path, did: list[tuple[Any, ...]], *, pre_period_days: int = 28, **changes: Any
) -> Concluded:
    write_logs(home, seen=seen(), did=did)
    return conclude(
        trial(
            metrics=METRICS,
            planned_units=40,
            source={"pre_period_days": pre_period_days},
            **changes,
        ),
        home,
    )


NUMBERS = (
    "n_control",
    "n_treatment",
    "mean_control",
    "mean_treatment",
    "difference",
    "difference_low",
    "difference_high",
    "p",
)


@pytest.mark.slow
@pytest.mark.parametrize("past", ["", "a"])
def test_without_a_past_in_every_arm_a_ratio_is_read_as_if_none_had_been_asked_for(
    tmp_path: Path, past: str
) -> None:
    asked, not_asked = (read(tmp_path, orders(past=past), pre_period_days=days) for days in (28, 0))
    for name in NUMBERS:
        assert asked.readouts["order_value"][name] == not_asked.readouts["order_value"][name]
    assert asked.readouts["order_value"]["p"] is not None
    assert not_asked.readouts["order_value"]["method"] == RATIO


@pytest.mark.slow
def test_that_no_unit_has_a_past_is_said_where_it_was_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path, orders())
    assert {one["method"].endswith(NO_PAST) for one in found.readouts.values()} == {True}
    assert found.readouts["order_value"]["method"] == RATIO + NO_PAST
    assert found.verdicts("known_past") == ["warning"]
    assert (
        "no unit has a past of revenue, order_value, bought"
        in found.checks["known_past"]["sentence"]
    )
    assert "known_past" not in read(tmp_path, orders(), pre_period_days=0).checks


@pytest.mark.slow
def test_with_a_past_in_every_arm_the_covariate_is_used(tmp_path: Path) -> None:
    found = read(tmp_path, orders(past="ab"))
    assert found.readouts["order_value"]["method"] == f"{RATIO}, CUPED"
    assert found.verdicts("known_past") == ["healthy"]


@pytest.mark.slow
@pytest.mark.parametrize("pre_period_days", [0, 28])
def test_where_nobody_did_anything_in_the_window_there_is_no_result_but_a_sentence(
    tmp_path: Path, pre_period_days: int
) -> None:
    found = read(tmp_path, orders(after=False), pre_period_days=pre_period_days)
    assert (
        found.readouts["order_value"]["verdict"]
        == "no result: the denominator sums to zero over 20 units: the ratio does not exist."
    )
    assert found.readouts["revenue"]["verdict"].startswith(
        "no result: every unit has the same value in its arm"
    )
    assert found.decision["decision"] == "iterate"


@pytest.mark.slow
def test_one_constant_price_is_no_interval_and_not_the_rounding_of_one(tmp_path: Path) -> None:
    """Every order costs 0.1 in one arm and 0.3 in the other: floats leave a variance of 1e-18,
    which is none.
    """
    did = [
        (unit, at + timedelta(days=day), "buy", (0.1, 0.3)[unit % 2])
        for unit, _, at in seen()
        for day in range(1, 2 + unit % 4)
    ]
    found = read(tmp_path, [*did, (9999, START + timedelta(days=80), "buy", 1)])
    assert found.readouts["order_value"]["verdict"].startswith(
        "no result: every unit has the same value in its arm (0.1, 0.3)"
    )


@pytest.mark.slow
def test_arms_of_which_only_one_has_a_past_differ_before_the_experiment(tmp_path: Path) -> None:
    found = read(tmp_path, orders(past="a"))
    assert found.verdicts("pre_period_balance:b") == ["sick"]


@pytest.mark.slow
def test_the_definition_on_the_page_is_read_from_a_log_that_begins_with_it(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "experiments.md").read_text(encoding="utf-8")
    given = yaml.safe_load(page.split("```yaml\n")[1].split("```")[0])["experiments"]
    one = given["definitions"][0]
    one["source"]["exposures"]["files"], one["source"]["outcomes"]["files"] = (
        ["seen.csv"],
        ["did.csv"],
    )
    one["planned_units"], one["planned_looks"] = 40, [1.0]
    rows = [
        (unit, {"a": "control", "b": "shorter"}[arm], at, ("at", "de")[unit // 2 % 2])
        for unit, arm, at in seen()
    ]
    write(tmp_path / "seen.csv", "user_id,arm,exposed_at,country", rows)
    write(
        tmp_path / "did.csv",
        "user_id,paid_at,amount",
        [(unit, at, value) for unit, at, _, value in orders()],
    )
    found = conclude(ExperimentsSettings.model_validate(given).definitions[0], tmp_path)
    assert {metric["name"] for metric in one["metrics"]} == set(found.readouts)
    assert all(readout["verdict"] for readout in found.readouts.values())

"""Planned looks: a claim at a look only, data that stand still between looks,
harm stopped at any time.
"""

from dataclasses import replace
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np
import polars as pl
import pytest
import scipy

from ntg_assets.configuration.experiments.comparisons import Comparison
from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data import log_tables, summed_tables
from ntg_assets.experiments.data.evidence import ArmTraffic, Evidence
from ntg_assets.experiments.data.logs.exposure_rows import EXPOSURE_TYPES
from ntg_assets.experiments.data.looks import look_of
from ntg_assets.experiments.decision.receipts import evaluate
from ntg_assets.experiments.readout.baselines import baseline_of
from ntg_assets.local_days import with_event_on
from ntg_assets.statistics.repeated.sequential import planned_looks
from ntg_assets.storage.run import run
from ntg_assets_tests.experiment_sums import sums
from ntg_assets_tests.logs import EVENT_SCHEMA

DAYS = (datetime(2026, 1, 1), datetime(2026, 1, 29))


def definition(**changes: Any) -> ExperimentSettings:
    known = {
        "id": "checkout",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {
            "kind": "log",
            "exposures": {"files": ["seen.csv"]},
            "window_days": 1,
            "pre_period_days": 0,
        },
        "metrics": [{"name": "revenue"}, {"name": "visits", "measure": "events"}],
        "primary_metric": "revenue",
        "guardrails": [{"metric": "visits", "margin": 0.3}],
        "planned_units": 1_000,
        "planned_looks": [0.5, 1.0],
    }
    return ExperimentSettings.model_validate(known | changes)


def evidence(n: int, *, effect: float = 0.0, harm: float = 0.0, since: int = 0) -> Evidence:
    """Make arms of n units within the look and some more since it,
    with an effect on revenue and one on visits.
    """
    known = {}
    for comparison, units in (("between users", n), ("since the look", since)):
        spread = np.linspace(0, 2, units) if units else np.array([])
        for arm, shift in (("a", 0.0), ("b", 1.0)):
            if units:
                known[comparison, "revenue", arm, "all"] = sums(spread + shift * effect)
                known[comparison, "visits", arm, "all"] = sums(spread + shift * harm)
    return Evidence(
        traffic={arm: ArmTraffic(1.0, n + since, n + since, 0, 0, *DAYS) for arm in "ab"},
        sums=known,
    )


def test_a_look_uses_its_part_of_the_error_rate() -> None:
    bounds = planned_looks([0.5, 1.0]).bounds
    for n, number in ((250, 1), (500, 2)):
        look = look_of(definition(), evidence(n))
        assert (look.number, look.n_looks) == (number, 2)
        assert look.significance == pytest.approx(2 * scipy.stats.norm.sf(bounds[number - 1]))
    assert look_of(definition(), evidence(249)).number == 0


def test_one_look_at_the_end_keeps_the_whole_error_rate() -> None:
    assert look_of(definition(planned_looks=[1.0]), evidence(500)).significance == pytest.approx(
        0.05, abs=1e-9
    )


def test_an_effect_that_one_look_would_claim_must_wait_at_an_early_one() -> None:
    given = evidence(250, effect=0.12)
    early, only = definition(), definition(planned_units=500, planned_looks=[1.0])
    assert evaluate(only, given)[2].decision == "rollout"
    assert evaluate(early, given)[2].decision == "iterate"


def test_proven_harm_stops_the_experiment_before_any_look() -> None:
    _, readouts, decision = evaluate(definition(), evidence(0, harm=-1.0, since=200))
    assert (decision.decision, decision.reason) == ("rollback", "harm:visits")
    rests_on = next(one for one in readouts if one.readout_key == decision.readout_key)
    assert (rests_on.comparison, rests_on.is_valid) == (Comparison.TO_DATE, True)


def test_nothing_is_claimed_before_the_first_look_however_large_the_effect() -> None:
    decision = evaluate(definition(), evidence(0, effect=5.0, since=200))[2]
    assert (decision.decision, decision.reason) == ("iterate", "health:thin")


def test_harm_to_date_is_wider_than_a_single_look_and_holds_the_difference() -> None:
    readouts = evaluate(definition(), evidence(250, harm=-0.05, since=100))[1]
    to_date = next(one for one in readouts if one.comparison == Comparison.TO_DATE)
    at_look = next(
        one for one in readouts if one.metric == "visits" and one.comparison == "between users"
    )
    assert (to_date.n_control, at_look.n_control) == (350, 250)
    assert to_date.standard_error is not None
    assert at_look.standard_error is not None
    assert to_date.difference_low is not None
    assert to_date.difference is not None
    assert (to_date.difference - to_date.difference_low) / to_date.standard_error > 2.9


def measured(n_units: int, one: ExperimentSettings) -> pl.DataFrame:
    """Expose one unit a day, in turn to either arm, long before the log ends."""
    days = [datetime(2026, 1, 1 + n) for n in range(n_units)]
    rows = [
        (
            "checkout",
            f"u{n}",
            "ab"[n % 2],
            "observed",
            "all",
            day,
            day,
            1,
            day,
            day,
            True,
            "log",
            day.date(),
            day.date(),
            None,  # neither clusters, nor strata, nor covariates
            None,
            None,
        )
        for n, day in enumerate(days)
    ]
    exposures = pl.DataFrame(rows, schema=EXPOSURE_TYPES, orient="row")
    schema: Any = EVENT_SCHEMA | {"user_id": pl.String}
    log = with_event_on(
        pl.DataFrame(
            [("u0", 1, datetime(2026, 2, 1), "buy", 1.0, 1.0)], schema=schema, orient="row"
        )
    )
    return run(log_tables.log_unit_metrics(exposures, events=log, definitions=[one]))


def test_the_units_of_a_look_stand_still_until_the_next_one() -> None:
    def in_look(n_units: int) -> list[str]:
        return sorted(
            measured(n_units, definition(planned_units=8)).filter("is_in_look")["unit_id"].unique()
        )

    assert in_look(3) == []
    assert in_look(4) == in_look(5) == in_look(7) == ["u0", "u1", "u2", "u3"]
    assert len(in_look(8)) == len(in_look(9)) == 8


def test_what_came_in_since_the_look_is_summed_apart() -> None:
    one = definition(planned_units=8)
    found = run(summed_tables.metric_sums(measured(7, one), definitions=[one])).filter(
        pl.col("metric") == "revenue"
    )
    units = dict(found.group_by("comparison").agg(pl.col("n").sum()).iter_rows())
    assert units == {"between users": 4, "since the look": 3}


def test_an_experiment_of_less_than_the_minimum_of_days_makes_no_claim() -> None:
    week = {
        arm: ArmTraffic(1.0, 500, 500, 0, 0, datetime(2026, 1, 1), datetime(2026, 1, 8))
        for arm in "ab"
    }
    decision = evaluate(definition(), replace(evidence(500, effect=0.5), traffic=week))[2]
    assert (decision.decision, decision.reason) == ("iterate", "health:thin")
    assert "exposures cover 7 days; a claim needs 14" in decision.sentence


def test_before_the_first_look_the_units_that_are_ready_and_the_day_of_the_look_are_told() -> None:
    one = definition(planned_units=900, planned_looks=[1.0])
    ready, exposed = 556, 1_070
    given = evidence(0, since=ready // 2)
    given = replace(
        given,
        traffic={arm: ArmTraffic(1.0, exposed // 2, exposed // 2, 0, 0, *DAYS) for arm in "ab"},
    )
    checks, readouts, decision = evaluate(one, given)
    days = ceil((900 - ready) / (exposed / 28))
    told = f"556 of 900 units; read at 900, in about {days} days"
    assert days == 10  # 38.2 units a day
    assert decision.sentence == f"Iterate: {told}."
    enough = next(check for check in checks if check.check == "enough_units")
    assert (enough.value, enough.limit, enough.verdict, enough.sentence) == (556, 900, "thin", told)
    assert {one.verdict for one in readouts if one.comparison != Comparison.TO_DATE} == {
        f"not read yet: {told}"
    }


def test_between_looks_the_next_one_is_told_in_place_of_days_that_no_plan_has() -> None:
    decision = evaluate(definition(guardrails=[]), evidence(250, since=100))[2]
    per_day = (250 + 100) * 2 / 28
    assert (
        f"700 of 1,000 units; read again at 1,000, in about {ceil(300 / per_day)} days"
        in decision.sentence
    )
    assert "cannot be answered" not in decision.sentence
    last = evaluate(definition(guardrails=[]), evidence(500))[2].sentence
    assert "read again" not in last


def test_what_else_is_thin_before_a_look_is_told_behind_it_and_no_traffic_is_told_as_such() -> None:
    week = {
        arm: ArmTraffic(1.0, 100, 100, 0, 0, datetime(2026, 1, 1), datetime(2026, 1, 8))
        for arm in "ab"
    }
    sentence = evaluate(definition(), replace(evidence(0, since=100), traffic=week))[2].sentence
    assert (
        sentence
        == "Iterate: 200 of 500 units; read at 500, in about 11 days. Besides, exposures cover 7"
        " days; a claim needs 14."
    )
    nobody = replace(evidence(0, since=100), traffic={})
    assert "200 of 500 units; read at 500, but no units come" in [
        check.sentence for check in evaluate(definition(), nobody)[0]
    ]


def test_a_plan_is_made_of_the_control_before_the_first_look_too() -> None:
    assert baseline_of(definition(), evidence(0, since=100)).mean == pytest.approx(1.0)
    assert baseline_of(definition(), evidence(100, since=100)).units_per_day == pytest.approx(
        400 / 28
    )

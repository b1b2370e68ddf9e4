"""Uplift is claimed where a trial has shown it and nowhere else;
the rest is labelled an assumption.
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ntg_assets.configuration.revenue import StrategySettings, TrialSettings, ValueSettings
from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import SourceError
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.revenue.contacts.contacts_taken import TAKEN_TYPES, with_reported
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.revenue.contacts.strategy_comparison import strategy_comparison
from ntg_assets.revenue.contacts.trial.trial_log import read_trial
from ntg_assets.revenue.contacts.trial.trials import trial_outcomes, with_activity_before
from ntg_assets.revenue.contacts.trial.uplift import (
    BROKEN,
    MEASURED,
    NO_EFFECT,
    NO_RANKING,
    TOO_FEW,
    Uplift,
    measure_uplift,
    uplift_or_problem,
)
from ntg_assets.sources.sources import Place
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import days
from ntg_assets_tests.unit.test_revenue_radar import MAXIMUM_RISK, policy, radar_of

START, ASSIGNED, WINDOW = date(2024, 1, 1), date(2024, 3, 1), 20
IDS = IdTypes("integer", "integer")

NOTHING_TAKEN = pl.DataFrame(schema=TAKEN_TYPES | {"user_id": pl.Int64})


def world(
    effect: float, *, only_the_silent: bool, n_users: int = 1500, seed: int = 1
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Days of users who were last seen at different times,
    and a log: a contact adds `effect` active days, to all or to the silent.
    """
    rng = np.random.default_rng(seed)
    rows, log = [], []
    for user in range(n_users):
        silent, treated = int(rng.integers(1, 50)), bool(rng.random() < 0.5)
        seen = {ASSIGNED - timedelta(days=silent + gap) for gap in (0, 5, 9)}
        rate = (
            6.0 / (1 + silent / 10)
            + (effect * (2 if silent > 25 else 0 if only_the_silent else 2) / 2) * treated
        )
        seen |= {
            ASSIGNED + timedelta(days=int(day))
            for day in rng.choice(WINDOW, min(WINDOW, rng.poisson(rate)), replace=False)
        }
        rows += [(user, str(on)) for on in sorted(seen)]
        log.append((str(user), ASSIGNED, treated, 0.5))
    schema = {
        "listed_id": pl.String,
        "assigned_on": pl.Date,
        "is_treated": pl.Boolean,
        "propensity": pl.Float64,
    }
    return days(*rows), pl.DataFrame(log, schema=schema, orient="row")


def uplift_of(user_days: pl.DataFrame, log: pl.DataFrame) -> Uplift:
    outcomes = trial_outcomes(
        log,
        user_days,
        complete_until_on=date(2024, 4, 1),
        window_days=WINDOW,
        value=ValueSettings(),
    )
    now = run(user_activity_features(user_days, active_users_at(user_days, ASSIGNED))).rename(
        {"cutoff_on": "snapshot_on"}
    )
    found = measure_uplift(with_activity_before(outcomes, user_days), now, window_days=WINDOW)
    check_frame(outcomes, contract_of("trial_outcomes"), ids=IDS)
    report = with_reported(found.report, outcomes, NOTHING_TAKEN)
    check_frame(report, contract_of("persuadability_report"), ids=IDS)
    check_frame(found.estimates, contract_of("uplift_estimates"), ids=IDS)
    return found


@pytest.mark.parametrize(
    ("effect", "only_the_silent", "verdict"),
    [(2.0, True, MEASURED), (1.0, False, NO_RANKING), (0.0, False, NO_EFFECT)],
)
def test_what_is_planted_is_what_is_claimed(
    effect: float,
    only_the_silent: bool,  # noqa: FBT001
    verdict: str,
) -> None:
    user_days, log = world(effect, only_the_silent=only_the_silent)
    found = uplift_of(user_days, log)
    told = found.report.row(0, named=True)
    assert told["verdict"] == verdict
    assert found.estimates.is_empty() == (verdict != MEASURED)
    planted = effect * (24 / 49 if only_the_silent else 1)  # silent for 26 to 49 of 1 to 49 days
    assert told["effect_low"] <= planted <= told["effect_high"]


def test_measured_uplift_is_higher_where_it_was_planted() -> None:
    user_days, log = world(2.0, only_the_silent=True)
    told = uplift_of(user_days, log).estimates
    last = (
        user_days.filter(pl.col("active_on") < ASSIGNED)
        .group_by("user_id")
        .agg(pl.col("active_on").max())
    )
    is_silent = (ASSIGNED - pl.col("active_on")).dt.total_days() > 25  # the planted border
    means = (
        told.join(last, on="user_id")
        .group_by(is_silent.alias("is_silent"))
        .agg(pl.col("expected_uplift").mean())
        .sort("is_silent")
    )
    assert means["expected_uplift"][1] > means["expected_uplift"][0] + 1.0


def test_few_users_and_no_trial_claim_nothing() -> None:
    user_days, log = world(2.0, only_the_silent=True, n_users=100)
    assert uplift_of(user_days, log).report["verdict"].to_list() == [TOO_FEW]
    nothing = uplift_of(user_days, log.head(0))
    assert (nothing.report.height, nothing.estimates.height) == (0, 0)


def test_only_closed_windows_and_known_users_count() -> None:
    user_days = days(
        (1, "2024-02-20"), (1, "2024-03-01"), (1, "2024-03-20"), (1, "2024-03-21"), value=3.0
    )
    log = pl.DataFrame(
        {
            "listed_id": ["1", "2"],
            "assigned_on": [ASSIGNED] * 2,
            "is_treated": [True, False],
            "propensity": [0.5, 0.5],
        }
    )
    revenue = ValueSettings(basis="event_value")
    found = trial_outcomes(
        log, user_days, complete_until_on=date(2024, 3, 21), window_days=WINDOW, value=revenue
    )
    assert found.select("user_id", "value").rows() == [(1, 3.0 + 3.0)]
    assert trial_outcomes(
        log, user_days, complete_until_on=date(2024, 3, 20), window_days=WINDOW, value=revenue
    ).is_empty()


def test_own_log_of_several_nights_gives_each_user_once(tmp_path: Path) -> None:
    rows = (
        "user_id,strategy,arm,propensity,assigned_on\n"
        "1,a,contact,0.9,2024-03-02\n1,b,contact,0.9,2024-03-01\n2,a,holdout,0.9,2024-03-01\n"
    )
    (tmp_path / "log.csv").write_text(
        rows + "3,a,contact,0.9,2024-03-01\n3,a,holdout,0.9,2024-03-02\n"
    )
    found = read_trial(TrialSettings(files=["log.csv"]), place=Place(tmp_path), id_type="string")
    check_frame(found.rows, contract_of("trial_log"))
    assert found.rows.rows() == [
        ("1", date(2024, 3, 1), True, 0.9),
        ("2", date(2024, 3, 1), False, 0.9),
    ]
    assert found.sentence.endswith(
        "2 users, 1 treated and 1 held out; 1 were in both arms and count in none"
    )


def test_users_of_a_trial_are_read_by_the_id_rule_of_the_log(tmp_path: Path) -> None:
    rows = [
        (1.0, "contact", date(2024, 3, 1)),
        (2.0, "holdout", date(2024, 3, 1)),
        (2.0, "holdout", date(2024, 3, 2)),
    ]
    pl.DataFrame(rows, schema=["user_id", "arm", "assigned_on"], orient="row").write_parquet(
        tmp_path / "log.parquet"
    )
    (tmp_path / "more.csv").write_text(
        "user_id,arm,assigned_on\n"
        " 003,contact,2024-03-01T23:59:00Z\nu4,contact,2024-03-02T01:00:00+02:00\n"
    )
    trial = TrialSettings(files=["log.parquet", "more.csv"], propensity=None)
    found = read_trial(trial, place=Place(tmp_path), id_type="integer").rows
    assert found.select("listed_id", "assigned_on", "is_treated").rows() == [
        (user, date(2024, 3, 1), user != "2") for user in ("1", "2", "3", "u4")
    ]
    assert found["propensity"].unique().to_list() == [3 / 5]


def test_a_trial_that_breaks_the_measurement_is_said_and_concerns_nothing_else() -> None:
    user_days, log = world(0.0, only_the_silent=False, n_users=10)
    outcomes = trial_outcomes(
        log,
        user_days,
        complete_until_on=date(2024, 4, 1),
        window_days=WINDOW,
        value=ValueSettings(),
    )
    now = run(user_activity_features(user_days, active_users_at(user_days, ASSIGNED))).rename(
        {"cutoff_on": "snapshot_on"}
    )

    def measure() -> Uplift:
        raise np.linalg.LinAlgError("Singular matrix")

    found = uplift_or_problem(measure, trial=outcomes, now=now, window_days=WINDOW)
    report = with_reported(found.report, outcomes, NOTHING_TAKEN)
    check_frame(report, contract_of("persuadability_report"), ids=IDS)
    check_frame(found.estimates, contract_of("uplift_estimates"), ids=IDS)
    assert found.report.select("verdict", "problem").rows() == [
        (BROKEN, "LinAlgError: Singular matrix (not foreseen)")
    ]
    assert found.estimates.is_empty()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1,treatment,0.5,2024-03-01", "have arm = 'treatment'"),
        ("1,contact,1.0,2024-03-01", "propensity"),
        ("1,contact,0.5,soon", "no day"),
        ("1,contact,50%,2024-03-01", "no number in propensity .first: '50%' in log.csv"),
        ("1,contact,50,2024-03-01", "propensity that is not between 0 and 1 .first: 50, user '1'"),
        ('1,contact,"0,5",2024-03-01', 'Set `decimal: ","`'),
        ("1,contact,0.5,31.03.2024", 'Set `timestamp_format: "%d.%m.%Y"`'),
        ("1,contact,0.5,1970-01-01", "before 1990-01-01"),
        (",contact,0.5,2024-03-01", "1 of 1 rows name no user in user_id"),
    ],
)
def test_a_trial_that_cannot_be_read_is_one_clear_sentence(
    tmp_path: Path, row: str, told: str
) -> None:
    (tmp_path / "log.csv").write_text(f"user_id,arm,propensity,assigned_on\n{row}\n")
    with pytest.raises(SourceError, match=told):
        read_trial(TrialSettings(files=["log.csv"]), place=Place(tmp_path), id_type="string")


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("contact", "holdout"), ("Contact", " HOLDOUT ")),
        (("true", "false"), ("TRUE", "nein")),
        (("1", "0"), ("1.0", "0.0")),
    ],
)
def test_arms_of_a_trial_are_words_in_any_spelling(
    tmp_path: Path, words: tuple[str, str], written: tuple[str, str]
) -> None:
    rows = f'1,{written[0]},"0,25",2024-03-01\n2,{written[1]},"0,25",2024-03-01\n'
    (tmp_path / "log.csv").write_text(f"user_id,arm,propensity,assigned_on\n{rows}")
    treated, control = words
    trial = TrialSettings(files=["log.csv"], treated=treated, control=control, decimal=",")
    read = read_trial(trial, place=Place(tmp_path), id_type="integer")
    assert read.rows.select("listed_id", "is_treated", "propensity").rows() == [
        ("1", True, 0.25), ("2", False, 0.25),
    ]  # fmt: skip
    assert read.sentence == "2 rows in 1 file(s): 2 users, 1 treated and 1 held out"


def test_strategy_follows_uplift_where_measured_and_says_so_where_it_is_assumed() -> None:
    radar = radar_of((1, 0.9, 100.0), (2, 0.1, 10.0), (3, 0.5, 50.0))
    strategy = StrategySettings(name="persuade", objective="persuadability", contact_cost=0.5)
    settings = policy(MAXIMUM_RISK, strategy)
    measured = pl.DataFrame({"user_id": [1, 2, 3], "expected_uplift": [-1.0, 4.0, 0.2]})
    found = intervention_targets(radar, settings=settings, uplift=measured).filter(
        pl.col("strategy") == "persuade"
    )
    assert found.select("user_id", "expected_saved_value", "save_rate", "evidence").rows() == [
        (2, 4.0, None, "measured uplift")
    ]
    assumed = intervention_targets(radar, settings=settings).filter(
        pl.col("strategy") == "persuade"
    )
    assert assumed["evidence"].unique().to_list() == ["assumed save rate"]
    assert assumed["user_id"][0] == 1
    whole = intervention_targets(radar, settings=settings, uplift=measured)
    check_frame(whole, contract_of("intervention_targets"), ids=IDS)
    compared = check_frame(
        strategy_comparison(whole, radar, settings=settings),
        contract_of("strategy_comparison"),
        ids=IDS,
    )
    assert compared.row(1, named=True)["break_even_save_rate"] is None
    assert compared["evidence"].to_list() == ["assumed save rate", "measured uplift"]

"""The churn benchmark judges any log from its files by configuration,
or says in one sentence what to change.
"""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.churn import configured, evaluate
from benchmarks.churn_goals import NAMED_PEERS, log_goals
from benchmarks.made_logs import LOGS, write_log
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.local_days import with_event_on

PROMISED = {
    "AUC above the best named peer",
    "AUC against gradient boosting",
    "log loss against gradient boosting, in standard errors",
}


def of_log(events: pl.DataFrame, **churn: int) -> tuple[dict[str, Any], set[str], dict[str, str]]:
    found = evaluate(
        events,
        ChurnSettings(**{"horizon_days": 10, "walk_forward_origins": 3, **churn}),
        ValueSettings(),
    )
    goals, undefined = log_goals("log", found, observed_value=False)
    return found, {goal.name.removeprefix("log: ") for goal in goals}, undefined


def log_of(days_of_users: dict[int, range], value: float = 1.0) -> pl.DataFrame:
    rows = [(user, 1, day, value) for user, days in days_of_users.items() for day in days]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id", "day", "value"], orient="row")
    return with_event_on(
        frame.with_columns(
            event_at=(pl.lit(19_723) + pl.col("day")).cast(pl.Date).cast(pl.Datetime("us"))
        ).drop("day")
    )


@pytest.mark.parametrize("name", list(LOGS))
def test_a_log_not_in_the_repository_is_read_by_its_configuration(
    name: str, tmp_path: Path
) -> None:
    events, churn, value = configured(str(write_log(name, tmp_path, n_users=120)))
    assert events["user_id"].n_unique() <= 120
    assert churn.horizon_days == {"purchases": 45, "plays": 14, "messages": 10}[name]
    assert (events["value"].min() < 0) == (name == "purchases")  # type: ignore[operator]  # refunds stay negative
    assert value.basis == ("event_value" if name == "purchases" else "active_days")


@pytest.mark.slow
def test_every_goal_has_a_number_on_a_log_with_both_outcomes(tmp_path: Path) -> None:
    events, _, _ = configured(str(write_log("messages", tmp_path, n_users=150)))
    found, goals, undefined = of_log(events)
    assert goals >= PROMISED
    assert not undefined
    assert found["interval_coverage"]["all"]["n_groups"] == 30


@pytest.mark.slow
@pytest.mark.parametrize(
    "days_of_users",
    [
        {user: range(120) for user in range(40)},
        {user: range(3 * user, 3 * user + 1) for user in range(40)},
    ],
    ids=["no churners", "only churners"],
)
def test_one_outcome_alone_gives_the_base_rate_and_says_which_goals_have_no_number(
    days_of_users: dict[int, range],
) -> None:
    found, goals, undefined = of_log(log_of(days_of_users), at_risk_days=60)
    assert {"AUC above the best named peer", "AUC against gradient boosting"} <= undefined.keys()
    assert "ECE over the 95% point of its noise" in goals
    assert 0 < found["calibration"]["mean_predicted"] < 1


def test_calibration_is_judged_as_it_is_whatever_the_drift_alarm_says() -> None:
    model = {
        "auc": 0.8,
        "ece": 0.03,
        "ece_noise_95": 0.02,
        "log_loss_difference": 0.01,
        "standard_error": 0.01,
        "spearman": 0.5,
    }
    figures = {
        "churn": dict.fromkeys(("shipped", "gradient_boosting", *NAMED_PEERS), model),
        "value": {"shipped": model},
    }
    for alarms in (0, 2):
        goals, _ = log_goals("log", {**figures, "drift_alarms": alarms}, observed_value=False)
        (judged,) = (goal for goal in goals if "ECE" in goal.name)
        assert judged.value == pytest.approx(0.03 / 0.02)
        assert not judged.is_met


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (
            log_of({1: range(0, 120, 3)}),
            (
                r"no origin can be judged. The log spans 118 days and has .* labelled rows.*a"
                r" longer log\."
            ),
        ),
        (
            log_of({user: range(1) for user in range(50)}),
            r"TRAIN spans 1 whole days .*Use a longer log\.",
        ),
        (
            log_of({user: range(8) for user in range(50)}),
            r"TRAIN spans 8 whole days .*horizon is 10: .*churn.horizon_days: 1\.",
        ),
        (
            log_of({user: range(25) for user in range(3)}),
            r"no origin can be judged.*Use more users, a longer log or .*churn.horizon_days: 3\.",
        ),
    ],
    ids=["one user", "one day", "horizon longer than the log", "too few rows"],
)
def test_a_log_that_cannot_be_judged_is_one_sentence(events: pl.DataFrame, message: str) -> None:
    with pytest.raises(NotEnoughDataError, match=message):
        of_log(events)

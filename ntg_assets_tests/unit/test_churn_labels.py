"""Labels come from closed windows of the past, for users who were at risk then,
and from nothing else.
"""

from datetime import date, timedelta

import polars as pl
import pytest

from ntg_assets.churn.snapshots import (
    History,
    churn_labels,
    churn_snapshots,
    closed_snapshots,
    train_history,
)
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import boundaries, days

START, END = date(2024, 1, 1), date(2024, 3, 1)
HISTORY = History(START, END, END)
TEN_DAYS = ChurnSettings(horizon_days=10, at_risk_days=20, step_days=5)


def labels_at(
    user_days: pl.DataFrame, snapshot_on: date, settings: ChurnSettings = TEN_DAYS
) -> list[tuple[object, ...]]:
    found = run(churn_labels(user_days, HISTORY, settings=settings)).filter(
        pl.col("snapshot_on") == snapshot_on
    )
    return (
        found.sort("user_id")
        .select(
            "user_id",
            "is_churned",
            "window_active_days",
            "window_value",
            "recency_days",
            "tenure_days",
        )
        .rows()
    )


def test_snapshots_step_back_from_the_last_window_that_closed() -> None:
    found = closed_snapshots(HISTORY, settings=TEN_DAYS)
    assert found["snapshot_on"].max() == END - timedelta(days=10)
    assert found["snapshot_on"].diff().drop_nulls().unique().to_list() == [timedelta(days=5)]
    # a step earlier is the first day of the log: nothing lies before it
    assert found["snapshot_on"].min() == date(2024, 1, 6)
    assert (found["window_end_on"] <= END).all()


def test_the_first_days_of_the_log_are_left_out_where_enough_snapshots_remain() -> None:
    longer = History(START, END + timedelta(days=10), END + timedelta(days=10))
    assert closed_snapshots(longer, settings=TEN_DAYS)["snapshot_on"].min() == START + timedelta(
        days=20
    )
    # seven would remain
    assert closed_snapshots(HISTORY, settings=TEN_DAYS)["snapshot_on"].min() == START + timedelta(
        days=5
    )
    kept = closed_snapshots(longer, settings=TEN_DAYS.model_copy(update={"warm_up_days": 0}))
    assert kept["snapshot_on"].min() == START + timedelta(days=5)


def test_default_step_is_a_quarter_of_the_horizon_and_at_risk_twice_it() -> None:
    settings = ChurnSettings(horizon_days=90)
    assert (settings.snapshot_step_days, settings.at_risk_window_days) == (22, 180)


def test_only_the_latest_snapshots_are_kept() -> None:
    found = closed_snapshots(HISTORY, settings=TEN_DAYS.model_copy(update={"max_snapshots": 3}))
    assert found["snapshot_on"].to_list() == [END - timedelta(days=n) for n in (20, 15, 10)]


def test_window_is_half_open() -> None:
    snapshot_on = date(2024, 2, 20)
    seen = days(
        (1, "2024-02-19"),
        (2, "2024-02-19"),
        (2, "2024-02-20"),
        (3, "2024-02-19"),
        (3, "2024-02-29"),
        (4, "2024-02-19"),
        (4, "2024-03-01"),
    )
    churned = {user: is_churned for user, is_churned, *_ in labels_at(seen, snapshot_on)}
    # T is inside, T + 9 is inside, T + 10 is not
    assert churned == {1: True, 2: False, 3: False, 4: True}


def test_at_risk_population_is_half_open() -> None:
    snapshot_on = date(2024, 2, 20)
    first_day, day_before = snapshot_on - timedelta(days=20), snapshot_on - timedelta(days=21)
    seen = days((1, first_day.isoformat()), (2, day_before.isoformat()), (3, "2024-02-20"))
    # 2 was silent too long, 3 was not there yet
    assert [user for user, *_ in labels_at(seen, snapshot_on)] == [1]


def test_label_carries_what_the_window_held() -> None:
    seen = days(
        (1, "2024-02-01"), (1, "2024-02-18"), (1, "2024-02-21"), (1, "2024-02-25"), value=2.5
    )
    assert labels_at(seen, date(2024, 2, 20)) == [(1, False, 2, 2 * 2.5, 2, 19)]


def test_young_users_stay_out_of_the_fit() -> None:
    seen = days((1, "2024-02-01"), (1, "2024-02-18"), (2, "2024-02-18"))
    settings = TEN_DAYS.model_copy(update={"min_tenure_days": 10})
    assert [user for user, *_ in labels_at(seen, date(2024, 2, 20), settings)] == [1]


def test_more_rows_than_the_fit_may_have_leave_every_kth_of_them() -> None:
    seen = days(
        *(
            (user, (START + timedelta(days=3 * k)).isoformat())
            for user in range(60)
            for k in range(20)
        )
    )
    everyone = run(churn_labels(seen, HISTORY, settings=TEN_DAYS)).sort("user_id", "snapshot_on")
    capped = TEN_DAYS.model_copy(update={"max_fit_rows": 200})
    some = run(churn_labels(seen, HISTORY, settings=capped)).sort("user_id", "snapshot_on")
    assert everyone.height == 60 * 10
    assert some.equals(everyone.gather_every(3, offset=2))
    assert some["user_id"].n_unique() == 60


def test_everyone_is_looked_at_from_the_cutoff_and_one_step_before() -> None:
    seen = days((1, "2024-01-10"), (2, "2024-02-28"))
    labels = run(churn_labels(seen, HISTORY, settings=TEN_DAYS))
    found = run(churn_snapshots(seen, labels, HISTORY, settings=TEN_DAYS))
    assert sorted(found.filter(pl.col("snapshot_on") == END)["user_id"].to_list()) == [1, 2]
    assert found.filter(pl.col("snapshot_on") == END - timedelta(days=5))["user_id"].to_list() == [
        1
    ]


def test_horizon_longer_than_the_history_is_one_clear_sentence() -> None:
    with pytest.raises(
        NotEnoughDataError,
        match=(
            r"TRAIN spans 60 whole days .* horizon is 90: no window has closed\. Use a longer log"
        ),
    ):
        closed_snapshots(HISTORY, settings=ChurnSettings(horizon_days=90))


def test_cutoff_inside_a_day_closes_no_window_on_that_day() -> None:
    split = boundaries(START, END).with_columns(end_at=pl.col("end_at") + pl.duration(hours=8))
    history = train_history(split)
    assert (history.complete_until_on, history.cutoff_on) == (END, END + timedelta(days=1))


def test_labels_of_a_per_user_split_say_that_they_are_truncated() -> None:
    history = train_history(boundaries(START, END, strategy="per_user"))
    found = run(
        churn_labels(days((1, "2024-01-02"), (1, "2024-02-01")), history, settings=TEN_DAYS)
    )
    assert found["is_truncated"].all()

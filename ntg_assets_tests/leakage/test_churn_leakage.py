"""Nothing that churn, value and radar make depends on a day at or after the cutoff,
nor a label on a day after its window.
"""

from datetime import date, timedelta

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.churn.snapshots import churn_labels, churn_snapshots, train_history
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import CHURN, boundaries, leaving_log, make_tables

CUTOFF = date(2024, 7, 1)
SPLIT = boundaries(date(2024, 1, 1), CUTOFF, log_end_on=date(2024, 8, 28))
MADE = [
    "churn_labels",
    "churn_snapshots",
    "churn_coefficients",
    "churn_scores",
    "value_coefficients",
    "ltv_estimates",
    "revenue_risk_radar",
]


def with_absurd_days(log: pl.DataFrame, from_on: date) -> pl.DataFrame:
    """Replace every day from a date on by absurd ones: every user active daily,
    with enormous values.
    """
    users = log.filter(pl.col("active_on") < from_on).select("user_id").unique()
    future = pl.DataFrame({"active_on": [from_on + timedelta(days=k) for k in range(60)]})
    absurd = users.join(future, how="cross").with_columns(
        n_events=999, n_items=999, engagement=1e9, value_sum=1e9
    )
    return pl.concat(
        [log.filter(pl.col("active_on") < from_on), absurd.select(log.columns).cast(log.schema)]
    )


@pytest.mark.slow
def test_days_at_and_after_the_cutoff_change_nothing() -> None:
    log = leaving_log(5)
    deleted = make_tables(log.filter(pl.col("active_on") < CUTOFF), SPLIT)
    for poisoned in (make_tables(log, SPLIT), make_tables(with_absurd_days(log, CUTOFF), SPLIT)):
        for name in MADE:
            # the days given are those of TRAIN in the graph; here even a leaky input must not be
            # looked at
            left, right = getattr(deleted, name), getattr(poisoned, name)
            key = [
                column
                for column in ("position", "origin_on", "user_id", "snapshot_on")
                if column in left.columns
            ][:2]
            assert_frame_equal(left.sort(key), right.sort(key), check_exact=True)


def test_a_label_ends_with_its_window_and_its_features_before_it() -> None:
    log, history = leaving_log(6), train_history(SPLIT)
    labels = run(churn_labels(log, history, settings=CHURN))
    snapshot_on = sorted(labels["snapshot_on"].unique())[-4]
    window_end_on = snapshot_on + timedelta(days=CHURN.horizon_days)
    for changed, table in (
        (with_absurd_days(log, window_end_on), "labels"),
        (with_absurd_days(log, snapshot_on), "snapshots"),
    ):
        if table == "labels":
            before, after = labels, run(churn_labels(changed, history, settings=CHURN))
        else:
            before = run(churn_snapshots(log, labels, history, settings=CHURN))
            after = run(churn_snapshots(changed, labels, history, settings=CHURN))
        old, new = (
            rows.filter(pl.col("snapshot_on") == snapshot_on).sort("user_id")
            for rows in (before, after)
        )
        assert old.height > 10
        assert_frame_equal(old, new, check_exact=True)


def test_a_planted_leak_is_caught_by_the_same_comparison() -> None:
    log, history = leaving_log(6), train_history(SPLIT)
    labels = run(churn_labels(log, history, settings=CHURN))
    snapshot_on = sorted(labels["snapshot_on"].unique())[-4]
    leaky = with_absurd_days(log, snapshot_on)  # inside the window: the label must change
    old, new = (
        run(churn_labels(given, history, settings=CHURN)).filter(
            pl.col("snapshot_on") == snapshot_on
        )
        for given in (log, leaky)
    )
    assert old["is_churned"].any()
    assert not new["is_churned"].any()

"""What an active day is worth: capped by what was shown often enough,
shrunk to the mean of all by what it rests on.
"""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from ntg_assets.churn.snapshots import History, churn_labels, churn_snapshots, labelled_snapshots
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.value_model import predict_value
from ntg_assets.revenue.value.worth import (
    capped_days,
    counted,
    counted_days,
)
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import (
    CHURN,
    VALUE,
    Tables,
    boundaries,
    days,
    leaving_log,
    make_tables,
)

START, END = date(2024, 1, 1), date(2024, 8, 28)
MONEY = ValueSettings(basis="event_value", unit="usd", horizon_days=60)
ABSURD = 1e9


def log_of_tens(*more: tuple[str, int, float]) -> pl.DataFrame:
    """`user_days` of 70 users who bring 10 on every visit; then (user, day of the log, amount)."""
    usual = leaving_log(3, n_users=70, text_ids=True).with_columns(value_sum=pl.lit(10.0))
    added = [(user, START + timedelta(days=day), 1, 1, 1.0, amount) for user, day, amount in more]
    return pl.concat([usual, pl.DataFrame(added, schema=usual.schema, orient="row")])


def tables_of(user_days: pl.DataFrame) -> Tables:
    return make_tables(user_days, boundaries(START, END), value=MONEY)


@pytest.fixture(scope="module")
def usual() -> Tables:
    return tables_of(log_of_tens())


def capped_of(
    *amounts: tuple[str, float], settings: ValueSettings = MONEY, cutoff_on: date = END
) -> list[tuple[object, ...]]:
    """(user, amount, what of it counts) of the days that are capped;
    the days of the log are given in order, one a day.
    """
    seen = days(*((user, str(START + timedelta(days=k))) for k, (user, _) in enumerate(amounts)))
    priced_days = seen.with_columns(
        pl.Series("value_sum", [amount for _, amount in amounts], dtype=pl.Float64)
    )
    found = run(capped_days(priced_days, cutoff_on=cutoff_on, settings=settings)).sort(
        "user_id", "active_on"
    )
    return found.select("user_id", "value_sum", "counted_value").rows()


HUNDRED = tuple((f"u{k}", float(k)) for k in range(1, 101))  # 5 of 100 days have reached 96


def test_a_day_counts_up_to_what_five_days_of_the_log_have_reached() -> None:
    assert capped_of(*HUNDRED) == [
        ("u100", 100.0, 96.0),
        ("u97", 97.0, 96.0),
        ("u98", 98.0, 96.0),
        ("u99", 99.0, 96.0),
    ]


def test_of_ten_thousand_days_one_in_a_thousand_has_to_reach_it() -> None:
    many = pl.DataFrame(
        {"user_id": range(10_000), "active_on": START, "value_sum": np.arange(1.0, 10_001.0)}
    )
    found = run(capped_days(many, cutoff_on=END, settings=MONEY))
    assert found["counted_value"].unique().to_list() == [9_991.0]  # ten days have reached it
    assert found.height == 9


def test_what_one_user_paid_three_times_is_a_habit() -> None:
    twice = capped_of(*HUNDRED, ("whale", 5e3), ("whale", 6e3))
    assert [row for row in twice if row[0] == "whale"] == [
        ("whale", 5e3, 98.0),
        ("whale", 6e3, 98.0),
    ]
    often = capped_of(*HUNDRED, ("whale", 5e3), ("whale", 6e3), ("whale", 4e3), ("whale", 3e3))
    assert [row for row in often if row[0] == "whale"] == [("whale", 5e3, 4e3), ("whale", 6e3, 4e3)]


def test_a_refund_counts_no_more_than_a_purchase() -> None:
    assert capped_of(*HUNDRED, ("back", -ABSURD))[0] == ("back", -ABSURD, -97.0)


def test_a_short_log_and_a_log_of_active_days_cap_nothing() -> None:
    assert capped_of(*HUNDRED[:18], ("new", ABSURD)) == []  # one in twenty of 19 days is none
    assert capped_of(*HUNDRED, ("new", ABSURD), settings=VALUE) == []


def test_days_at_and_after_the_cutoff_are_not_looked_at() -> None:
    cutoff = START + timedelta(days=100)
    assert capped_of(*HUNDRED, *[("later", ABSURD)] * 50, cutoff_on=cutoff) == capped_of(
        *HUNDRED, cutoff_on=cutoff
    )


def test_snapshots_and_windows_are_those_of_a_log_with_the_counted_amounts() -> None:
    seen, history = leaving_log(5, n_users=30), History(START, END, END)
    odd = seen.with_columns(
        value_sum=pl.when(pl.int_range(pl.len()) % 500 == 7)
        .then(ABSURD / 1e3)
        .otherwise("value_sum")
    )
    capped = run(capped_days(odd, cutoff_on=END, settings=MONEY))
    assert 0 < capped.height < 5
    labelled = []
    for log in (
        odd,
        odd.drop("value_sum").join(run(counted_days(odd, capped)), on=["user_id", "active_on"]),  # type: ignore[arg-type]
    ):
        labels = run(churn_labels(log, history, settings=CHURN))
        labelled.append(
            labelled_snapshots(run(churn_snapshots(log, labels, history, settings=CHURN)), labels)
        )
    assert (labelled[0]["window_value"] != labelled[1]["window_value"]).any()
    # days are decayed in millionths
    assert_frame_equal(counted(labelled[0], capped), labelled[1], rel_tol=1e-9, abs_tol=2e-3)


def test_the_day_of_a_snapshot_is_of_its_window_and_not_of_its_past() -> None:
    snapshots = pl.DataFrame(
        {
            "user_id": ["u", "u", "u"],
            "snapshot_on": [START - timedelta(days=30), START, START + timedelta(days=1)],
            "window_end_on": [START, *[START + timedelta(days=30)] * 2],
            "active_days": [2, 2, 2],
            "value_per_active_day": [50.0, 50.0, 50.0],
            "decayed_value_90d": [95.0, 95.0, 95.0],
            "window_value": [100.0, 100.0, 100.0],
        }
    )
    capped = pl.DataFrame(
        {"user_id": ["u"], "active_on": [START], "value_sum": [100.0], "counted_value": [10.0]}
    )
    found = counted(snapshots, capped)
    assert found["value_per_active_day"].to_list() == [50.0, 50.0, 50.0 - 90 / 2]
    decayed = 95 - 90 * 0.5 ** (1 / 90)
    assert found["decayed_value_90d"].to_list() == [95.0, 95.0, pytest.approx(decayed)]
    assert found["window_value"].to_list() == [100.0, 100.0 - 90, 100.0]


@pytest.mark.slow
def test_one_absurd_purchase_is_worth_what_the_log_has_shown(usual: Tables) -> None:
    found = tables_of(log_of_tens(("new", 235, ABSURD)))
    new = found.revenue_risk_radar.filter(pl.col("user_id") == "new").row(0, named=True)
    assert 0 < new["ltv_at_stake"] <= usual.revenue_risk_radar["ltv_at_stake"].max()
    total, before = (table.revenue_risk_radar["revenue_at_risk"].sum() for table in (found, usual))
    # one more user of a single visit moves what the models of visits expect of the others
    assert total == pytest.approx(before + new["revenue_at_risk"], rel=0.06)
    assert found.ltv_estimates.filter("is_worth_capped")["user_id"].to_list() == ["new"]
    assert found.ltv_estimates["ltv_high"].max() <= 2 * usual.ltv_estimates["ltv_high"].max()  # type: ignore[operator]
    assert not usual.ltv_estimates["is_worth_capped"].any()


@pytest.mark.slow
def test_an_absurd_purchase_of_the_past_teaches_the_value_model_nothing(usual: Tables) -> None:
    found = tables_of(log_of_tens(("u3", 110, ABSURD)))
    assert found.capped_days.select("user_id", "counted_value").rows() == [("u3", 10.0)]
    assert found.ltv_estimates["ltv"].sum() == pytest.approx(
        usual.ltv_estimates["ltv"].sum(), rel=0.02
    )


@pytest.mark.slow
def test_who_pays_much_time_and_again_keeps_it(usual: Tables) -> None:
    found = tables_of(log_of_tens(*(("whale", day, 5000.0) for day in range(100, 236, 7))))
    whale = found.ltv_estimates.filter(pl.col("user_id") == "whale").row(0, named=True)
    assert not whale["is_worth_capped"]
    assert whale["ltv_if_stays"] > 0.5 * 5000 / 7 * whale["discounted_days"]
    assert whale["engagement_intensity"] > 20 * usual.ltv_estimates["engagement_intensity"].max()  # type: ignore[operator]


def test_no_forecast_lies_above_the_largest_window_seen(usual: Tables) -> None:
    largest = usual.value_coefficients["largest_value"][0]
    assert largest == usual.labelled.filter(~pl.col("is_churned"))["window_value"].max()
    assert (
        usual.ltv_estimates["engagement_intensity"] * CHURN.horizon_days <= largest * (1 + 1e-12)
    ).all()
    lower = usual.value_coefficients.with_columns(largest_value=pl.lit(25.0))
    before, after = (
        predict_value(usual.labelled, table)[0] for table in (usual.value_coefficients, lower)
    )
    assert before.max() > 25.0
    assert after.tolist() == np.minimum(before, 25.0).tolist()

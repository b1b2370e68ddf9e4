"""A reason says what surely moves the score, in the direction of plain sense;
a contact leads with what raises the risk.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from ntg_assets.churn.learning.design import design_matrix, standardise
from ntg_assets.churn.learning.features import CHURN_FEATURES, DERIVED, FEATURES
from ntg_assets.churn.reasons.effects import Linear, Scored
from ntg_assets.churn.reasons.reason_audit import reasons_against_sense
from ntg_assets.churn.reasons.reasons import reasons
from ntg_assets.churn.reasons.safest import safest
from ntg_assets.churn.scores import score_churn
from ntg_assets.churn.snapshots import History, looked_at
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.features.user_activity import user_activity_features
from ntg_assets.revenue.contacts.checks import contacts_without_a_raising_reason
from ntg_assets.revenue.contacts.strategies import intervention_targets
from ntg_assets.storage.run import run
from ntg_assets_tests.churn_world import (
    Tables,
    boundaries,
    days,
    leaving_tables,
    make_tables,
)

FIRST_TWENTY = RadarSettings(
    strategies=[StrategySettings(name="all", objective="revenue_at_risk")],
    capacity=20,
    holdout_share=0.0,
)
SOURCES = sorted({feature.source for feature in FEATURES if feature.source not in DERIVED})


@pytest.fixture(scope="module")
def tables() -> Tables:
    return leaving_tables(3, n_users=130)


def activity(*changes: Mapping[str, float]) -> pl.DataFrame:
    """Rows of `churn_snapshots`: everything 3 and no usual gap, but for what is given."""
    usual: dict[str, Any] = dict.fromkeys(SOURCES, 3.0) | {
        "recency_to_mean_gap": None,
        "trend_log_ratio": 0.0,
        "snapshot_on": date(2024, 4, 1),
    }
    whole = ("recency_days", "active_days", "active_days_90d", "tenure_days", "longest_gap_days")
    made = pl.DataFrame([usual | dict(change) for change in changes])
    return made.with_columns(
        pl.col(whole).cast(pl.Int64), pl.col("recency_to_mean_gap").cast(pl.Float64)
    )


def model(*, average: float = 0.0, **coefficients: tuple[float, float]) -> Linear:
    """Coefficients and standard errors by feature;
    everything else is surely 0. All inputs of the average user are `average`.
    """
    found = [coefficients.get(feature.name, (0.0, 0.0)) for feature in CHURN_FEATURES]
    n = len(found)
    return Linear(
        np.full(n, average),
        np.ones(n),
        np.array([size for size, _ in found]),
        np.diag([error**2 for _, error in found]),
    )


def told(
    now: pl.DataFrame, by: Linear, *, before: pl.DataFrame | None = None, probability: float = 0.3
) -> list[list[str | None]]:
    n = now.height
    unknown = now.with_columns(pl.lit(None).cast(now.schema[name]).alias(name) for name in SOURCES)
    was = np.full(n, np.nan if before is None else 0.125)
    users = Scored(
        now,
        unknown if before is None else before,
        np.full(n, probability),
        was,
        np.ones(n, dtype=bool),
    )
    return [list(row) for row in pl.DataFrame(reasons(users, by, n_reasons=3)).rows()]


GROWING, SHRINKING = {"trend_log_ratio": 1.0}, {"trend_log_ratio": -1.0}


def test_a_direction_that_is_not_sure_is_not_told() -> None:
    unsure, sure = model(trend_log_ratio=(-1.8, 1.0)), model(trend_log_ratio=(-2.0, 1.0))
    assert told(activity(SHRINKING), unsure)[0] == [
        "no sign of their own: about 30% of users with this score leave",
        None,
        None,
    ]
    assert (
        told(activity(SHRINKING), sure)[0][0]
        == "fewer active days in the last 30 days than in the 30 before: raises the risk, more than"
        " for 50% of those at risk"
    )


def test_a_direction_against_plain_sense_is_not_told_however_sure() -> None:
    strange = model(trend_log_ratio=(2.0, 0.1))
    assert (
        told(activity(GROWING, SHRINKING), strange)
        == [["no sign of their own: about 30% of users with this score leave", None, None]] * 2
    )
    often, seldom = {"active_days_90d": 60}, {"active_days_90d": 1}
    # more active days would raise the risk
    by_days = model(log_active_days_90d=(1.0, 0.01), average=np.log1p(3))
    assert not [
        text
        for row in told(activity(often, {}, seldom), by_days)
        for text in row
        if text and "the risk" in text
    ]


def test_what_raises_the_risk_comes_first_and_a_smaller_effect_later() -> None:
    rows = activity(
        {"active_days_90d": 0, "active_days": 1, "trend_log_ratio": -1.0, "tenure_days": 400}, {}
    )
    by = model(
        trend_log_ratio=(-0.5, 0.01),
        log_active_days_90d=(-0.1, 0.001),
        log_tenure_days=(-1.0, 0.01),
        year_sine=(0.2, 0.001),
    )
    first = told(rows, by)[0]
    assert [text.split(":")[1].split(",")[0] for text in first if text] == [
        " raises the risk",
        " raises the risk",
        " lowers the risk",
    ]
    assert first[0].startswith("fewer active days")  # type: ignore[union-attr]  # a sentence
    # the same for everyone: after what is the user's own
    assert first[1] == "the time of year (April): raises the risk"
    assert first[2].startswith("known for 400 days")  # type: ignore[union-attr]


def test_silence_is_judged_as_a_whole_and_told_once() -> None:
    silent, back = (
        {"recency_days": 30, "recency_to_mean_gap": 10.0},
        {
            "recency_days": 1,
            "recency_to_mean_gap": 1 / 3,
        },
    )
    still = {"decayed_active_days_30d": 0.5}
    # recency alone has the wrong sign
    by = model(log_recency_days=(-0.3, 0.01), log_decayed_active_days_30d=(-1.0, 0.01))
    effect = -0.3 * (np.log1p(30) - np.log1p(1)) - (np.log1p(0.5) - np.log1p(3))
    assert effect > 0.05
    found = told(activity(silent | still, {}), by, before=activity(back, {}))
    assert (
        found[0][0]
        == "last active 30 days ago, 10.0 times the usual gap: raises the risk (it was 12%"
        " on the day after the last visit), more than for 75% of those at risk"
    )
    plain = model(log_recency_days=(0.3, 0.01), log_decayed_active_days_30d=(-1.0, 0.01))
    twice = told(activity(silent | still, {}), plain, before=activity(back, {}))[0]
    assert [text is not None and text.startswith("last active") for text in twice] == [
        True,
        False,
        False,
    ]
    shorter = told(
        activity(silent | still | {"recency_to_mean_gap": 0.5}, {}), by, before=activity(back, {})
    )
    assert shorter[0][0].startswith("last active 30 days ago: raises")  # type: ignore[union-attr]  # no word of half a usual gap


def test_without_anything_raised_activity_is_held_against_the_safest() -> None:
    rows = activity(
        *({"active_days_90d": n, "decayed_active_days_30d": float(n)} for n in (40, 30))
    )
    probability, everyone = np.array([0.01, 0.02]), np.ones(2, dtype=bool)
    assert safest(probability, is_peer=everyone).tolist() == [True, False]
    users = Scored(rows, rows.clear(n=2), probability, np.full(2, np.nan), everyone)
    # both are safer than the average
    found = reasons(users, model(log_decayed_active_days_30d=(-1.0, 0.01)), n_reasons=2)
    assert found["reason_1"].to_list() == [
        "no sign of their own: about 1.0% of users with this score leave",
        (
            "30 active days in the last 90, 40 for the safest tenth of those at risk: raises the"
            " risk above theirs"
        ),
    ]
    assert (
        found["reason_2"][0]
        == "40 active days in the last 90 days, 3 in all: lowers the risk, more than for 75% of"
        " those at risk"
    )


def test_recency_and_frequency_are_told_as_one_where_one_alone_goes_against_its_facts() -> None:
    often = {"active_days_90d": 60, "decayed_active_days_30d": 20.0, "trend_log_ratio": -1.0}
    # that there are fewer of late lowers the risk, against its fact
    by = model(
        log_active_days_90d=(0.1, 0.001),
        log_decayed_active_days_30d=(-1.0, 0.01),
        trend_log_ratio=(0.05, 0.001),
        average=np.log1p(3),
    )
    assert told(activity(often, {}, {}), by)[0][1] == (
        "60 active days in the last 90 days, 3 in all: lowers the risk, more than for 83% of those"
        " at risk"
    )
    silent = {"recency_days": 30, "recency_to_mean_gap": 6.0, "active_days_90d": 1}
    # frequency alone would lower the risk of the seldom; both together raise it
    other = model(
        log_recency_days=(1.0, 0.01), log_active_days_90d=(0.1, 0.001), average=np.log1p(3)
    )
    assert told(activity(silent, {}, {}), other)[0][0] == (
        "last active 30 days ago, 6.0 times the usual gap; 1 active day in the last 90 days, 3 in"
        " all: raises the risk, more than for 83% of those at risk"
    )


def test_a_silence_shorter_than_usual_and_than_most_raises_no_risk() -> None:
    rows = activity({"recency_days": 2, "recency_to_mean_gap": 0.5}, {"recency_to_mean_gap": 4.0})
    then = activity({"recency_days": 1}, {"recency_days": 1})
    by = model(log_recency_days=(1.0, 0.01))
    quick, slow = told(rows, by, before=then)
    assert not any(text and "raises" in text for text in quick)
    assert slow[0].startswith("last active 3 days ago, 4.0 times the usual gap: raises")  # type: ignore[union-attr]  # a sentence


def test_the_audit_knows_reasons_against_sense_by_their_words() -> None:
    now = activity(
        {"recency_to_mean_gap": 0.5, "recency_days": 1, "active_days_90d": 9, "active_days": 9},
        {"recency_to_mean_gap": 5.0, "recency_days": 20, "trend_log_ratio": -1.0},
        {"recency_to_mean_gap": 2.0},
    ).with_columns(user_id=pl.Series([1, 2, 3]))
    recent, silent = "last active 1 day ago", "last active 20 days ago, 5.0 times the usual gap"
    fewer = "fewer active days in the last 30 days than in the 30 before"
    days_of_late = "9 active days in the last 90 days, 9 in all"

    def objections(*reasons_of_users: str | None) -> list[tuple[int, str]]:
        scores = pl.DataFrame(
            {
                "user_id": [1, 2, 3],
                "cutoff_on": [date(2024, 4, 1)] * 3,
                "is_at_risk_population": [True] * 3,
                "reason_1": list(reasons_of_users),
            }
        ).with_columns(reason_2=pl.lit(None, pl.String), reason_3=pl.lit(None, pl.String))
        return reasons_against_sense(scores, now).select("user_id", "fact").rows()

    assert (
        objections(
            f"{recent}; {days_of_late}: lowers the risk",
            f"{silent}; {fewer}: raises the risk",
            None,
        )
        == []
    )
    assert objections(
        f"{recent}; {days_of_late}: raises the risk, more than for 3% of those at risk",
        f"{silent}; {fewer}: lowers the risk",
        None,
    ) == [(1, recent), (1, days_of_late), (2, silent), (2, fewer)]
    assert (
        objections(None, "known for 3 days: raises the risk", "no sign of their own: about 2%")
        == []
    )


def test_no_reason_of_a_made_log_is_against_sense(tables: Tables) -> None:
    assert reasons_against_sense(tables.churn_scores, tables.churn_snapshots).is_empty()


def test_told_directions_are_sure_by_the_covariance_of_the_coefficients(tables: Tables) -> None:
    table, scores = tables.churn_coefficients.sort("position"), tables.churn_scores.sort("user_id")
    now = tables.churn_snapshots.filter(pl.col("snapshot_on") == tables.history.cutoff_on).sort(
        "user_id"
    )
    inputs = standardise(
        design_matrix(now, features=CHURN_FEATURES),
        mean=table["mean"].to_numpy()[1:],
        scale=table["scale"].to_numpy()[1:],
    )
    covariance = np.array(table["covariance"].to_list())[1:, 1:]
    n_told = 0
    for k, row in enumerate(scores.iter_rows(named=True)):
        for group, words in (
            ("frequency", r"^\d+ active days? in the last 90 days"),
            ("tenure", "^known for"),
        ):
            chosen = [j for j, feature in enumerate(CHURN_FEATURES) if feature.group == group]
            effect, x = row[f"contribution_{group}"], inputs[k, chosen]
            error = np.sqrt(x @ covariance[np.ix_(chosen, chosen)] @ x)
            for reason in (row[f"reason_{place}"] for place in (1, 2, 3)):
                if reason and re.search(words, reason):
                    n_told += 1
                    assert abs(effect) > 1.959 * error
                    assert (": raises the risk" in reason) == (effect > 0)
    assert n_told > 20


def test_silence_is_the_score_of_the_day_after_the_last_visit(tables: Tables) -> None:
    rows = tables.churn_scores.filter("is_at_risk_population")
    cutoffs = rows.select(
        "user_id", cutoff_on=pl.col("cutoff_on") - pl.duration(days=pl.col("recency_days") - 1)
    )
    then = run(user_activity_features(tables.user_days, cutoffs)).rename(
        {"cutoff_on": "snapshot_on"}
    )
    expected = score_churn(then, tables.churn_coefficients).select(
        "user_id", expected="churn_probability"
    )
    both = rows.join(expected, on="user_id")
    assert both.height == rows.height > 20
    assert both["churn_probability_at_last_visit"].to_list() == both["expected"].to_list()
    assert (
        tables.churn_scores.filter(~pl.col("is_at_risk_population"))[
            "churn_probability_at_last_visit"
        ]
        .is_null()
        .all()
    )


def test_contacts_say_what_raises_the_risk(tables: Tables) -> None:
    targets = intervention_targets(tables.revenue_risk_radar, settings=FIRST_TWENTY)
    assert targets.height == 20
    assert contacts_without_a_raising_reason(targets).height <= 0.05 * targets.height
    assert not targets["reason"].str.contains("lowers the risk").any()


def test_where_only_the_base_rate_is_known_nothing_is_told_as_a_sign() -> None:
    once = make_tables(
        days(*((user, f"2024-0{1 + user % 5}-01") for user in range(30))),
        boundaries(date(2024, 1, 1), date(2024, 6, 10)),
    )
    at_risk = once.churn_scores.filter("is_at_risk_population")
    assert once.churn_coefficients["method"][0] == "base_rate"
    assert at_risk.height > 0
    assert at_risk["reason_1"].str.starts_with("no sign of their own").all()
    assert at_risk["reason_2"].is_null().all()
    assert once.churn_scores.filter(~pl.col("is_at_risk_population"))["reason_1"].is_null().all()


def test_users_at_risk_are_looked_at_on_the_day_after_their_last_visit() -> None:
    cutoff = date(2024, 3, 1)
    # at risk: within 20 days
    seen = days((1, "2024-02-10"), (1, "2024-02-28"), (2, "2024-02-10"), (3, "2024-02-09"))
    settings = ChurnSettings(horizon_days=10, at_risk_days=20, step_days=5)
    no_labels = pl.DataFrame(schema={"user_id": pl.Int64, "snapshot_on": pl.Date})
    found = run(
        looked_at(seen, no_labels, History(date(2024, 1, 1), cutoff, cutoff), settings=settings)
    )
    after = found.filter(~pl.col("cutoff_on").is_in([cutoff, cutoff - timedelta(days=5)])).sort(
        "user_id"
    )
    assert after.rows() == [(1, date(2024, 2, 29)), (2, date(2024, 2, 11))]


def test_one_active_day_has_no_gap_and_says_so() -> None:
    once = activity({"active_days": 1, "mean_gap_days": np.nan}, {}).with_columns(
        pl.col("mean_gap_days").fill_nan(None)
    )
    found = told(once, model(has_one_active_day=(1.0, 0.1)))
    assert (
        found[0][0]
        == "only one active day so far: raises the risk, more than for 75% of those at risk"
    )
    assert found[1][0] == "no sign of their own: about 30% of users with this score leave"

"""A figure's title is its finding, with the numbers that it draws."""

from datetime import datetime

import polars as pl
import pytest

from ntg_assets.publish.pictures import findings

RANKED = {"metric": "ndcg", "k": 10, "slice": "all", "split": "test", "strategy": "blend"}


def radar(*rows: tuple[int, float, bool]) -> pl.DataFrame:
    return pl.DataFrame(
        [(rank, risk, is_known, "EUR") for rank, risk, is_known in rows],
        schema=["rank", "revenue_at_risk", "is_at_risk_population", "unit"],
        orient="row",
    )


def test_risk_curve_is_that_of_those_who_can_be_lost() -> None:
    ten = [(place, float(value), True) for place, value in enumerate([40, *[10] * 6, 0, 0, 0], 1)]
    gone = [(place, 0.0, False) for place in range(11, 200)]
    users = findings.at_risk(radar(*gone, *ten))
    places, share = findings.concentration(users)
    assert users.height == 10
    assert (places[0], share[0], places[-1], share[-1]) == (0, 0, 1, 1)
    assert (places[1], share[1]) == (1 / 10, 40 / (40 + 6 * 10))
    told = findings.revenue_at_risk({"revenue_risk_radar": radar(*gone, *ten)})
    assert told == "The first 10% of 10 users who can be lost hold 40% of 100 EUR at risk"


def test_nothing_at_risk_is_said() -> None:
    assert findings.revenue_at_risk({"revenue_risk_radar": radar((1, 0.0, False))}) == (
        "Nothing is at risk"
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(0.01, 0.03, "better than"), (-0.03, -0.01, "worse than"), (-0.01, 0.03, "not clearly apart")],
)
def test_lists_are_held_against_popularity(low: float, high: float, verdict: str) -> None:
    row = {**RANKED, "mean": 0.2, "difference": (low + high) / 2, "n_users": 9}
    rows = pl.DataFrame([row | {"difference_low": low, "difference_high": high}])
    assert verdict in str(findings.ranking_quality({"ranking_report": rows}))


@pytest.mark.parametrize(("noise", "told"), [(0.12, "no more than chance"), (0.08, "up to 8.0%")])
def test_calibration_is_held_against_chance(noise: float, told: str) -> None:
    rows = pl.DataFrame({"metric": ["ece", "ece_noise_95"], "value": [0.1, noise]}).with_columns(
        evaluation=pl.lit("walk_forward"), segment=pl.lit("all"), bin=0
    )
    said = str(findings.churn_reliability({"churn_calibration": rows}))
    assert "miss by 10.0%" in said
    assert told in said


def test_only_readouts_that_can_be_trusted_count() -> None:
    rows = pl.DataFrame(
        {
            "role": ["primary", "primary", "primary", "secondary"],
            "is_valid": [True, True, False, True],
            "difference_low": [0.1, -0.1, 0.1, 0.1],
            "difference_high": [0.2, 0.1, 0.2, 0.2],
        }
    )
    assert findings.experiments({"readouts": rows}).startswith("1 of 2 primary readouts")


@pytest.mark.parametrize(
    ("low", "better", "ending"),
    [
        (0.1, "more", "+0.2 (+0.1 to +0.3), better than the control"),
        (0.1, "less", "+0.2 (+0.1 to +0.3), worse than the control"),
        (-0.1, "more", "+0.2 (-0.1 to +0.3), not clearly apart from the control"),
    ],
)
def test_a_single_readout_says_by_how_much_and_which_way(
    low: float, better: str, ending: str
) -> None:
    row = {"experiment": "trial", "source": "offline_replay", "metric": "hits", "role": "primary"}
    numbers = {"difference": 0.2, "difference_low": low, "difference_high": 0.3}
    readouts = pl.DataFrame([{**row, **numbers, "better": better, "is_valid": True}])
    told = findings.experiments({"readouts": readouts})
    assert told == f"trial (offline replay): hits {ending}"


def test_log_names_its_busiest_month() -> None:
    calendar = pl.DataFrame(
        {
            "bucket_at": [datetime(2024, 1, 5), datetime(2024, 2, 1), datetime(2024, 2, 9)],
            "n_events": [5, 4, 3],
        }
    )
    told = findings.events_over_time({"event_calendar": calendar})
    assert told == "12 events from 2024-01 to 2024-02; the busiest month, 2024-02, has 7"

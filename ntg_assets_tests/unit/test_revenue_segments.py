"""Segments add up to the whole, tell what came true last time,
and change only against an earlier day.
"""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ntg_assets.contracts import IdTypes, check_frame, contract_of
from ntg_assets.errors import StorageError
from ntg_assets.history.days import SEGMENT_DAYS, last_day_before
from ntg_assets.revenue.radar.segments import radar_segments
from ntg_assets_tests.unit.test_revenue_radar import radar_of

TONIGHT = date(2024, 3, 1)
RADAR = radar_of((1, 0.5, 40.0), (2, 0.25, 40.0), (3, 0.1, 10.0), (4, 0.9, 10.0), dormant=(4,))
FORECASTS = pl.DataFrame(
    {
        "evaluation": ["walk_forward", "walk_forward", "walk_forward"],
        "origin_on": [date(2023, 12, 1), date(2024, 1, 1), date(2024, 1, 1)],
        "user_id": [1, 1, 2],
        "segment": ["regular", "regular", "slipping"],
        "churn_probability": [0.9, 0.5, 0.25],
        "ltv_at_stake": [40.0, 40.0, 20.0],
        "horizon_at_stake": [4.0, 4.0, 2.0],
        "is_churned": [True, True, False],
        "lost_value": [3.0, 5.0, 0.0],
    }
)


def segment_of(found: pl.DataFrame, dimension: str, segment: str) -> dict[str, object]:
    return found.filter(pl.col("dimension") == dimension, pl.col("segment") == segment).row(
        0, named=True
    )


def test_every_dimension_adds_up_to_the_whole() -> None:
    found = radar_segments(RADAR, FORECASTS, None, as_of=TONIGHT)
    check_frame(found, contract_of("radar_segments"), ids=IdTypes("integer", "integer"))
    sums = found.group_by("dimension").agg(
        pl.col("n_users").sum(),
        pl.col("revenue_at_risk").sum(),
        pl.col("revenue_at_risk_share").sum(),
    )
    assert sums["n_users"].to_list() == [4, 4, 4]
    assert sums["revenue_at_risk"].to_list() == pytest.approx([20.0 + 10.0 + 1.0] * 3)
    assert sums["revenue_at_risk_share"].to_list() == pytest.approx([1.0] * 3)
    assert segment_of(found, "life_cycle", "dormant")["mean_churn_probability"] is None


def test_only_the_last_closed_origin_is_told() -> None:
    found = radar_segments(RADAR, FORECASTS, None, as_of=TONIGHT)
    whole = segment_of(found, "all", "all")
    assert (whole["closed_on"], whole["n_closed"], whole["realised_churn"]) == (
        date(2024, 1, 1),
        2,
        0.5,
    )
    assert (whole["predicted_loss"], whole["realised_loss"]) == (0.5 * 4.0 + 0.25 * 2.0, 5.0)
    assert segment_of(found, "life_cycle", "regular")["realised_churn"] == 1.0
    # 20 of 25 at risk then were one user's
    assert segment_of(found, "band", "critical")["n_closed"] == 1


def test_of_an_origin_that_was_judged_twice_the_holdout_is_told() -> None:
    held_out = FORECASTS.filter(pl.col("origin_on") == date(2024, 1, 1)).with_columns(
        evaluation=pl.lit("holdout"), churn_probability=pl.lit(0.75)
    )
    found = radar_segments(RADAR, pl.concat([FORECASTS, held_out]), None, as_of=TONIGHT)
    whole = segment_of(found, "all", "all")
    assert (whole["n_closed"], whole["predicted_churn"]) == (2, 0.75)
    assert whole["predicted_loss"] == 0.75 * 4.0 + 0.75 * 2.0


def test_change_is_since_the_last_earlier_day_and_tonight_again_changes_nothing(
    tmp_path: Path,
) -> None:
    first = radar_segments(RADAR, FORECASTS, None, as_of=TONIGHT)
    assert first["revenue_at_risk_change"].null_count() == first.height
    folder = tmp_path / SEGMENT_DAYS.kind
    folder.mkdir(parents=True)
    first.write_parquet(folder / SEGMENT_DAYS.file_name(TONIGHT))
    assert last_day_before(SEGMENT_DAYS, TONIGHT, history=tmp_path) is None
    tomorrow = date(2024, 3, 2)
    later = radar_segments(
        RADAR.head(2),
        FORECASTS,
        last_day_before(SEGMENT_DAYS, tomorrow, history=tmp_path),
        as_of=tomorrow,
    )
    whole = segment_of(later, "all", "all")
    assert (whole["previous_on"], whole["n_users_change"], whole["revenue_at_risk_change"]) == (
        TONIGHT,
        -2,
        pytest.approx(-1.0),
    )


def test_a_damaged_day_is_one_clear_sentence(tmp_path: Path) -> None:
    folder = tmp_path / SEGMENT_DAYS.kind
    folder.mkdir(parents=True)
    (folder / SEGMENT_DAYS.file_name(date(2024, 2, 1))).write_bytes(b"no parquet")
    with pytest.raises(StorageError, match=r"as_of_on=2024-02-01\.parquet: is damaged"):
        last_day_before(SEGMENT_DAYS, TONIGHT, history=tmp_path)


def test_without_any_closed_origin_the_present_is_told() -> None:
    found = radar_segments(RADAR, FORECASTS.head(0), None, as_of=TONIGHT)
    assert found["closed_on"].null_count() == found.height

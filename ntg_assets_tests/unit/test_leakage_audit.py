"""The audit counts every planted row that could only come from the future."""

from datetime import date, datetime

import polars as pl
import pytest

from ntg_assets.evaluation.gate.leakage_audit import leakage_audit
from ntg_assets.storage.run import run
from ntg_assets_tests.logs import events

BOUNDARIES = pl.DataFrame(
    {
        "part": ["train", "val", "test"],
        "start_at": [datetime(2024, 1, 1), datetime(2024, 2, 1), datetime(2024, 3, 1)],
        "end_at": [datetime(2024, 2, 1), datetime(2024, 3, 1), datetime(2024, 4, 1)],
        "strategy": "global_time",
    }
)


def clean() -> dict[str, pl.DataFrame]:
    """Tables of a tiny back-test that keep every rule."""
    return {
        "train_events": events((1, 1, "2024-01-05"), (2, 2, "2024-01-31T23:59:59")),
        "val_events": events((1, 2, "2024-02-01")),
        "test_events": events((1, 3, "2024-03-01")),
        "user_days": pl.DataFrame(
            {"user_id": [1, 2], "active_on": [date(2024, 1, 5), date(2024, 1, 31)]}
        ),
        "interaction_features": pl.DataFrame(
            {"user_id": [1], "item_id": [1], "last_event_at": [datetime(2024, 1, 5)]}
        ),
        "user_features": pl.DataFrame({"user_id": [1, 2]}),
        "item_features": pl.DataFrame({"item_id": [1, 2]}),
        "taste_graph": pl.DataFrame({"item_id": [1], "neighbour_id": [2]}),
        "candidates": pl.DataFrame({"user_id": [1], "item_id": [2]}),
        "churn_labels": pl.DataFrame(
            {
                "user_id": [1],
                "snapshot_on": [date(2024, 1, 10)],
                "window_start_on": [date(2024, 1, 10)],
                "window_end_on": [date(2024, 2, 1)],
            }
        ),
        "churn_scores": pl.DataFrame({"user_id": [1, 2]}),
    }


def broken_rules(tables: dict[str, pl.DataFrame]) -> dict[str, int]:
    audit = run(leakage_audit(tables, BOUNDARIES))
    worst = (
        audit.group_by("table_name")
        .agg(pl.col("n_violations").max())
        .filter(pl.col("n_violations") > 0)
    )
    return dict(worst.iter_rows())


def test_clean_tables_break_no_rule() -> None:
    audit = run(leakage_audit(clean(), BOUNDARIES))
    assert audit["n_violations"].sum() == 0
    assert set(audit["table_name"]) == set(clean())


@pytest.mark.parametrize(
    ("table", "planted"),
    [
        ("train_events", events((1, 1, "2024-02-01"), (1, 1, "2024-05-01"))),
        ("val_events", events((1, 1, "2024-01-31"), (1, 1, "2024-03-01"))),
        ("test_events", events((1, 1, "2024-02-29"), (1, 1, "2024-04-01"))),
        (
            "user_days",
            pl.DataFrame({"user_id": [1, 1], "active_on": [date(2024, 2, 1), date(2024, 3, 1)]}),
        ),
        (
            "interaction_features",
            pl.DataFrame(
                {"user_id": [1, 2], "item_id": [1, 1], "last_event_at": [datetime(2024, 2, 1)] * 2}
            ),
        ),
        ("user_features", pl.DataFrame({"user_id": [3, 4]})),
        ("item_features", pl.DataFrame({"item_id": [3, 4]})),
        ("taste_graph", pl.DataFrame({"item_id": [1, 1], "neighbour_id": [3, 4]})),
        ("candidates", pl.DataFrame({"user_id": [1, 1], "item_id": [3, 4]})),
        ("churn_scores", pl.DataFrame({"user_id": [3, 4]})),
    ],
)
def test_each_planted_leak_is_counted(table: str, planted: pl.DataFrame) -> None:
    tables = clean()
    tables[table] = planted
    if table == "train_events":  # the other tables now know users and items that TRAIN does not
        assert broken_rules(tables)["train_events"] == 2
    else:
        assert broken_rules(tables) == {table: 2}


def test_label_window_past_the_cutoff_is_counted() -> None:
    tables = clean()
    tables["churn_labels"] = tables["churn_labels"].with_columns(
        pl.lit(date(2024, 2, 2)).alias("window_end_on")
    )
    assert broken_rules(tables) == {"churn_labels": 1}

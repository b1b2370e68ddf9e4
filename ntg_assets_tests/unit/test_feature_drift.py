"""A feature that moved between two publications is told, and one that did not is not."""

from collections.abc import Sequence
from datetime import datetime
from math import log
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from ntg_assets.arrays import Floats
from ntg_assets.configuration.paths import Paths
from ntg_assets.contracts import IdTypes, contract_of, schema_of
from ntg_assets.evaluation.features.drift import (
    describe_drift,
    feature_drift,
    publication_before,
    published_features,
)
from ntg_assets.history.currents import Change, append_change
from ntg_assets.violations import violations


def users(**columns: Sequence[float | None] | Floats) -> dict[str, pl.DataFrame]:
    n = len(next(iter(columns.values())))
    return {"user": pl.DataFrame({"user_id": range(n), **columns})}


EVEN = [float(number % 10) for number in range(1_000)]  # a hundred of each of ten values


def test_the_index_is_the_sum_over_the_deciles_before() -> None:
    moved = [0.0 if value == 1.0 else value for value in EVEN]  # a hundred go from 1 to 0
    (row,) = feature_drift(users(visits=moved), users(visits=EVEN)).rows(named=True)
    smallest = 1e-3
    expected = (0.2 - 0.1) * log(0.2 / 0.1) + (smallest - 0.1) * log(smallest / 0.1)
    assert row["psi"] == pytest.approx(expected)
    assert (row["mean"], row["mean_before"]) == (4.4, 4.5)
    assert row["is_alarm"]
    assert describe_drift(pl.DataFrame([row])) == (
        f"user visits: psi {expected:.2f}, mean 4.4 after 4.5"
    )


def test_equal_features_have_no_drift_and_nulls_are_told_apart() -> None:
    holes = [None if value == 9.0 else value for value in EVEN]
    drift = feature_drift(users(a=EVEN, b=holes), users(a=EVEN, b=holes))
    assert drift["psi"].to_list() == [0.0, 0.0]
    assert drift["null_share"].to_list() == [0.0, 0.1]
    assert describe_drift(drift) == "2 features lie where they did"


def test_the_order_of_rows_does_not_matter_to_the_last_bit() -> None:
    drawn = np.random.default_rng(1).lognormal(sigma=4, size=(2, 1_000))
    now, before = (users(a=values) for values in drawn)
    shuffled = [
        {"user": side["user"].sample(fraction=1, shuffle=True, seed=2)} for side in (now, before)
    ]
    assert feature_drift(*shuffled).equals(feature_drift(now, before))


def test_few_values_claim_nothing_and_a_new_feature_is_left_out() -> None:
    drift = feature_drift(users(a=EVEN[:50], new=EVEN[:50]), users(a=EVEN))
    (row,) = drift.rows(named=True)
    assert (row["feature"], row["psi"], row["is_alarm"]) == ("a", None, False)
    schema = schema_of(contract_of("feature_drift"), IdTypes("integer", "integer"))
    assert violations(drift, schema) == []


def test_before_the_first_publication_there_is_nothing_to_compare(tmp_path: Path) -> None:
    assert published_features(None) == published_features(tmp_path) == {}
    drift = feature_drift(users(a=EVEN), {})
    assert drift.is_empty()
    assert describe_drift(drift) == "nothing before"


def test_a_night_is_compared_with_the_last_one_that_knew_less(tmp_path: Path) -> None:
    paths, at = Paths(home=tmp_path, workspace=tmp_path), datetime(2026, 1, 1)
    assert publication_before(paths, at) is None
    for name, day, action in (
        ("a", 7, "published"),
        ("b", 8, "kept aside"),  # nobody saw it
        ("c", 9, "published"),
        ("d", 10, "published"),
    ):
        (paths.generations / name).mkdir(parents=True)
        change = Change(at=at, action=action, generation=name, as_of=f"2026-01-{day:02d}T00:00:00")
        append_change(paths.history, change)

    def before(day: int) -> str | None:
        folder = publication_before(paths, datetime(2026, 1, day))
        return folder.name if folder else None

    assert [before(day) for day in (7, 8, 9, 10, 11)] == [None, "a", "a", "c", "d"]
    back = Change(at=at, action="rolled back", generation="a", as_of="2026-01-07T00:00:00")
    append_change(paths.history, back)
    assert before(11) == "a"
    (paths.generations / "a").rmdir()
    assert before(10) == "c"


def test_what_was_published_is_read(tmp_path: Path) -> None:
    (tmp_path / "data" / "features").mkdir(parents=True)
    users(a=EVEN)["user"].write_parquet(tmp_path / "data" / "features" / "user_features.parquet")
    assert published_features(tmp_path)["user"].height == 1_000

"""Quantiles and caps in SQL: ranks by arithmetic, ties and order of rows without influence."""

from math import sqrt
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.errors import NotEnoughDataError
from ntg_assets.experiments.data import summed_tables
from ntg_assets.statistics.moments import sums_of
from ntg_assets.statistics.quantiles import ENCLOSING_Z, OrderStatistics, quantile_sample
from ntg_assets.storage.run import run

ONE = ExperimentSettings.model_validate(
    {
        "id": "checkout",
        "hypothesis": "A shorter checkout sells more.",
        "owner": "science",
        "arms": [{"name": "a"}, {"name": "b"}],
        "source": {"kind": "log", "exposures": {"files": ["seen.csv"]}},
        "metrics": [
            {"name": "p80", "kind": "quantile", "quantile": 0.8},
            {"name": "spend", "winsorise_at": 0.75},
        ],
        "primary_metric": "spend",
        "planned_units": 4,
    }
)


def units(metric: str, **values: list[float]) -> pl.DataFrame:
    rows = [
        (f"{arm}{n:03}", arm, value)
        for arm, found in values.items()
        for n, value in enumerate(found)
    ]
    known: dict[str, Any] = {
        "experiment": "checkout",
        "metric": metric,
        "source": "observed",
        "segment": "all",
    }
    return pl.DataFrame(rows, schema=["unit_id", "arm", "value"], orient="row").with_columns(
        **{name: pl.lit(text) for name, text in known.items()},
        is_assigned=pl.lit(value=True),
        is_in_look=pl.lit(value=True),
        denominator=pl.lit(None, dtype=pl.Float64),
        covariate=pl.lit(None, dtype=pl.Float64),
        covariate_denominator=pl.lit(None, dtype=pl.Float64),
    )


def test_the_quantile_and_its_interval_are_mid_ranks() -> None:
    n, q = 101, 0.8
    values = [float(n - place) for place in range(n)]  # 101, 100, ..., 1: the value is its rank
    found = run(summed_tables.metric_quantiles(units("p80", a=values), definitions=[ONE])).row(
        0, named=True
    )
    place = n * q + 0.5  # half of a unit lies at its own value
    assert found["value"] == pytest.approx(place)
    before = int(place)
    weight = place - before
    squares = (before - 1) + ((1 + weight) / 2) ** 2 + (weight / 2) ** 2
    reach = ENCLOSING_Z * sqrt(n * (squares / n - q**2))
    assert [found["low"], found["high"]] == pytest.approx([place - reach, place + reach])


def test_too_few_units_have_no_interval_and_say_so() -> None:
    found = run(
        summed_tables.metric_quantiles(units("p80", a=[1.0, 2.0, 3.0]), definitions=[ONE])
    ).row(0, named=True)
    assert found["value"] == pytest.approx(3 * 0.8 + 0.5)
    assert found["high"] is None
    with pytest.raises(NotEnoughDataError, match="3 units are too few"):
        quantile_sample(OrderStatistics(found["n"], found["value"], found["low"], found["high"]))


def test_the_variance_of_a_quantile_is_read_off_its_interval() -> None:
    sample = quantile_sample(OrderStatistics(5, 10.0, 8.0, 12.0))
    assert sample.squared_error == pytest.approx((4.0 / (2 * ENCLOSING_Z)) ** 2 * 4 / 5)


def test_the_cap_is_a_quantile_of_all_arms_together_and_cuts_only_above() -> None:
    # the cap is value number ceil(7 * 0.75) = 6
    given = units("spend", a=[1.0, 2.0, 3.0], b=[4.0, 5.0, 100.0, 1000.0])
    sums = {
        row["arm"]: sums_of(row).first["value"] / 1e6
        for row in run(summed_tables.metric_sums(given, definitions=[ONE])).iter_rows(named=True)
    }
    assert sums == {"a": 1 + 2 + 3, "b": 4 + 5 + 100 + 100}


def test_an_impossible_value_is_not_cut_into_a_possible_one() -> None:
    given = units("spend", a=[1.0, 2.0, 3.0, float("inf")])
    found = sums_of(run(summed_tables.metric_sums(given, definitions=[ONE])).row(0, named=True))
    assert (found.n, found.n_unusable) == (3, 1)


def test_the_order_of_the_rows_changes_neither() -> None:
    for metric in ("p80", "spend"):
        given = units(
            metric, a=[float(n % 7) for n in range(60)], b=[float(n % 11) for n in range(60)]
        )
        shuffled = given.sample(fraction=1, shuffle=True, seed=5)
        for make in (summed_tables.metric_quantiles, summed_tables.metric_sums):
            one, other = (
                run(make(frame, definitions=[ONE])).sort("metric", "arm")
                for frame in (given, shuffled)
            )
            assert one.equals(other)

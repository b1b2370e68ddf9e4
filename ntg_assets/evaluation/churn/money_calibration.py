"""Whether forecasts of money add up: value and loss of the next horizon,
by decile of the forecast and by life-cycle segment.
"""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.logistic import user_codes
from ntg_assets.statistics.bootstrap import percentile_interval, row_weights
from ntg_assets.statistics.probability_metrics import (
    equal_mass_bins,
)

N_BINS = 10
ALL = "all"
VALUE = "value"
KINDS = {
    VALUE: (pl.col("expected_value"), pl.col("value_after")),
    "loss": (pl.col("churn_probability") * pl.col("horizon_at_stake"), pl.col("lost_value")),
}
SCHEMA = {
    "evaluation": pl.String,
    "kind": pl.String,
    "segment": pl.String,
    "bin": pl.Int64,
    "predicted": pl.Float64,
    "realised": pl.Float64,
    "realised_low": pl.Float64,
    "realised_high": pl.Float64,
    "covered_share": pl.Float64,
    "ratio": pl.Float64,
    "n_rows": pl.Int64,
    "n_users": pl.Int64,
}


def money_calibration(
    forecasts: pl.DataFrame, *, samples: int, rng: np.random.Generator
) -> pl.DataFrame:
    """Hold forecasts of money against what was then seen.

    Args:
        forecasts: `churn_forecasts`.
        samples: Resamples of users behind each interval.
        rng: Stream of the resampling.

    Returns:
        `money_calibration`: means per user and horizon; bin 0 is the whole segment, 1 to 10 the
            deciles of all by forecast.
    """
    rows: list[tuple[object, ...]] = []
    for (evaluation,), part in forecasts.group_by("evaluation", maintain_order=True):
        for kind, (told, seen) in KINDS.items():
            inside = (
                pl.col("value_after").is_between("expected_value_low", "expected_value_high")
                if kind == VALUE
                else pl.lit(None)
            )
            ordered = part.sort("user_id", "origin_on").with_columns(
                told=told, seen=seen, inside=inside.cast(pl.Float64)
            )
            weights = row_weights(user_codes(ordered), samples=samples, rng=rng)
            rows += [(evaluation, kind, *row) for row in _rows(ordered, weights)]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _rows(ordered: pl.DataFrame, weights: Floats) -> Iterator[tuple[object, ...]]:
    yield ALL, 0, *_compare(ordered, np.ones(ordered.height, dtype=bool), weights)
    bins = equal_mass_bins(ordered["told"].to_numpy(), N_BINS)
    for number in range(1, int(bins.max()) + 1):
        yield ALL, number, *_compare(ordered, bins == number, weights)
    for segment in ordered["segment"].unique().sort().to_list():
        yield (
            f"segment={segment}",
            0,
            *_compare(ordered, (ordered["segment"] == segment).to_numpy(), weights),
        )


def _compare(ordered: pl.DataFrame, chosen: Floats, weights: Floats) -> tuple[object, ...]:
    told, seen = ordered["told"].to_numpy()[chosen], ordered["seen"].to_numpy()[chosen]
    drawn = weights[:, chosen]
    mass = drawn.sum(axis=1)
    low, high = percentile_interval(
        np.where(mass > 0, drawn @ seen / np.where(mass > 0, mass, 1.0), np.nan)
    )
    ratio = float(told.sum() / seen.sum()) if seen.sum() > 0 else None
    covered = ordered["inside"].filter(pl.Series(chosen)).mean()
    return (
        float(told.mean()),
        float(seen.mean()),
        low,
        high,
        covered,
        ratio,
        len(told),
        ordered["user_id"].filter(pl.Series(chosen)).n_unique(),
    )

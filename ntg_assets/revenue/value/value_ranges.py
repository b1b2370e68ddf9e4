"""How far the value of the next horizon may lie from its forecast: the range that nine of ten users
like this one have stayed in.

The intervals of `ltv_estimates` are those of an estimate; this one is of what will be seen, luck
included. Labelled snapshots are put in bins of equal size by forecast; in each, the middle 90% of
seen over forecast value is the range. It is measured on the rows of the fit, so how often it holds
afterwards is asked of the walk-forward (`money_calibration.covered_share`).

Source: Vovk, Gammerman and Shafer 2005 (conformal prediction, by bin: Mondrian).
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.scores import score_churn
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.revenue.value.value_model import observed_value, predict_value

RANGE = (0.05, 0.95)
MAX_BINS, MIN_ROWS_PER_BIN = 20, 50
SMALLEST, LARGEST = 1e-100, 1e100  # where nothing is forecast of anybody ratios stay numbers
# of the mean forecast: a smaller one counts as that, since over next to nothing no ratio says much
LEAST_FORECAST = 1e-3
RANGE_SCHEMA = {
    "bin": pl.Int64,
    "forecast_upto": pl.Float64,
    "least_forecast": pl.Float64,
    "low_ratio": pl.Float64,
    "high_ratio": pl.Float64,
    "n_rows": pl.Int64,
}


def fit_value_ranges(
    labelled: pl.DataFrame,
    churn_coefficients: pl.DataFrame,
    value_coefficients: pl.DataFrame,
    *,
    settings: ValueSettings,
) -> pl.DataFrame:
    """Measure the ranges on labelled snapshots.

    Args:
        labelled: `churn_snapshots` joined with `churn_labels`.
        churn_coefficients: P(churn).
        value_coefficients: E[value | active].
        settings: Basis of value.

    Returns:
        `value_ranges`, by bin: seen value over forecast, at most forecasts of `forecast_upto`; the
            last bin has no end.
    """
    rows = labelled.sort("user_id", "snapshot_on")
    active = 1 - score_churn(rows, churn_coefficients)["churn_probability"].to_numpy()
    forecast = active * predict_value(rows, value_coefficients)[0]
    return measure_ranges(forecast, observed_value(rows, settings=settings))


def measure_ranges(told: Floats, seen: Floats) -> pl.DataFrame:
    """Measure the middle 90% of seen over told in bins of equal size by what was told.

    Args:
        told: Forecasts, shape (n,).
        seen: What followed, shape (n,).
    """
    least = max(LEAST_FORECAST * float(told.mean()), SMALLEST) if len(told) else SMALLEST
    forecast = np.maximum(told, least)
    order = np.argsort(forecast, kind="stable")
    ratio = np.minimum(seen[order] / forecast[order], LARGEST)
    n_bins = max(1, min(MAX_BINS, len(order) // MIN_ROWS_PER_BIN))
    made = []
    for number, part in enumerate(np.array_split(np.arange(len(order)), n_bins), start=1):
        ends = _ends(ratio[part])
        upto = float(forecast[order][part[-1]]) if number < n_bins else np.inf
        made.append((number, upto, least, *ends, len(part)))
    return pl.DataFrame(made, schema=RANGE_SCHEMA, orient="row")


def _ends(ratio: Floats) -> tuple[float, float]:
    """Where nine of ten lie: the middle, or, where more than one in twenty brought nothing, all of
    them and as many more as make nine.
    """
    low = float(np.quantile(ratio, RANGE[0], method="lower"))
    high = RANGE[1] if low > 0 else RANGE[1] - RANGE[0]
    return low, float(np.quantile(ratio, high, method="higher"))


def range_of(forecast: Floats, ranges: pl.DataFrame) -> tuple[Floats, Floats]:
    """Return the lower and the upper end for each forecast."""
    table = ranges.sort("bin")
    place = np.searchsorted(table["forecast_upto"].to_numpy()[:-1], forecast, side="left")
    low, high = table["low_ratio"].to_numpy()[place], table["high_ratio"].to_numpy()[place]
    least = np.maximum(forecast, table["least_forecast"].to_numpy()[place])
    return forecast * low, least * high

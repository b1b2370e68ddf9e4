"""Recalibrate churn only where the past shows that it helps: a curve on the log odds,
behind a walk-forward gate.

At past origins the model was refitted on the windows closed by then (`churn_walk_forward`). Each
origin is judged as forecast, and after the curve that each calibrator makes of the origins whose
windows had closed *before* it. A calibrator is adopted when its mean gain in log loss over the
origins exceeds one standard error and the newest origin gained too: gains of neighbouring origins
go together, so a season that has just turned would otherwise be corrected in the wrong direction
(measured on the synthetic world: offset -0.09 without the line, -0.21 with it). Where several pass,
the one with the largest mean gain is taken.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.calibration.calibrators import CALIBRATORS, NO_CHANGE, Curve
from ntg_assets.statistics.one_thread import one_thread

MIN_JUDGED_ORIGINS = 3  # a standard error needs a few gains
TABLE_SCHEMA = {
    "calibrator": pl.String,
    "origin_on": pl.Date,
    "offset": pl.Float64,
    "slope": pl.Float64,
    "bend": pl.Float64,
    "log_loss": pl.Float64,
    "log_loss_recalibrated": pl.Float64,
    "gain": pl.Float64,
    "n_rows": pl.Int64,
    "mean_gain": pl.Float64,
    "standard_error": pl.Float64,
    "is_adopted": pl.Boolean,
}
_ENDS: Sequence[str] = ("coefficient", "coefficient_low", "coefficient_high")


def churn_recalibration(forecasts: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """Judge every calibrator at each past origin and decide for the cutoff.

    Args:
        forecasts: `churn_walk_forward`; only origins whose window had ended by the cutoff are
        looked at.
        cutoff_on: The day the decision is for; its rows carry the curve that each calibrator asks
            for.

    Returns:
        `churn_recalibration`, by calibrator and origin; all rows of the adopted calibrator, if any,
        say so.
    """
    closed = forecasts.filter(pl.col("window_end_on") <= cutoff_on)
    origins = closed["origin_on"].unique().sort().to_list()
    judged = {
        name: _evaluate_calibrator(closed, origins, name, cutoff_on=cutoff_on)
        for name in CALIBRATORS
    }
    passed = {name: mean for name, (_, mean) in judged.items() if mean is not None}
    best = max(passed, key=lambda name: passed[name]) if passed else None
    rows = [
        row | {"is_adopted": name == best} for name, (rows, _) in judged.items() for row in rows
    ]
    return pl.DataFrame(rows, schema=TABLE_SCHEMA).sort("calibrator", "origin_on")


def _evaluate_calibrator(
    closed: pl.DataFrame, origins: Sequence[date], name: str, *, cutoff_on: date
) -> tuple[list[dict[str, object]], float | None]:
    """Rows of one calibrator, the cutoff's last, and its mean gain where it may be adopted."""
    with one_thread():  # the order of sums in a threaded product is not fixed
        judged = [_evaluate(closed, origin_on, name) for origin_on in origins]
        curve = CALIBRATORS[name](closed) if origins else None
    gains = np.array([row["gain"] for row in judged if row["gain"] is not None], dtype=np.float64)
    mean, error = _mean_and_error(gains)
    last = {
        "calibrator": name,
        "origin_on": cutoff_on,
        **(curve or NO_CHANGE)._asdict(),
        "n_rows": 0,
    }
    rows = [{**row, "mean_gain": mean, "standard_error": error} for row in (*judged, last)]
    if curve is None or mean is None or error is None:
        return rows, None
    return rows, mean if mean > error and gains[-1] > 0 else None


def adopted_curve(recalibration: pl.DataFrame) -> Curve:
    """The curve decided for the cutoff; no change where no calibrator passed."""
    adopted = recalibration.filter("is_adopted").sort("origin_on")
    return Curve(*adopted.select(Curve._fields).row(-1)) if adopted.height else NO_CHANGE


def as_recalibrated(forecasts: pl.DataFrame, recalibration: pl.DataFrame) -> pl.DataFrame:
    """Give the origins before the cutoff the log odds that the adopted calibrator would have told;
    unchanged where none was adopted.
    """
    curves = recalibration.filter("is_adopted").select("origin_on", *Curve._fields)
    cutoff_on = recalibration["origin_on"].max()
    closed = forecasts.filter(pl.col("window_end_on") <= cutoff_on).join(
        curves, on="origin_on", how="left", maintain_order="left"
    )
    moved = np.zeros(closed.height)
    for place, value in enumerate(NO_CHANGE):
        term = _basis(closed["churn_logit"].to_numpy())[place]
        moved += closed[Curve._fields[place]].fill_null(value).to_numpy() * term
    return closed.drop(Curve._fields).with_columns(pl.Series("churn_logit", moved))


def recalibrate(coefficients: pl.DataFrame, recalibration: pl.DataFrame) -> pl.DataFrame:
    """Fold the decided curve into a coefficient table: every coefficient times the slope,
    the intercept plus the offset.

    The bend, which no linear model can hold, stands in `recalibration_bend` and is added by the
    score.
    """
    curve = adopted_curve(recalibration)
    offset = pl.when(pl.col("position") == 0).then(curve.offset).otherwise(0.0)
    moved = coefficients.with_columns(
        *((pl.col(name) * curve.slope + offset).alias(name) for name in _ENDS),
        pl.col("standard_error") * curve.slope,
        pl.col("covariance").list.eval(pl.element() * curve.slope**2),
    )
    ratios = {
        f"odds_ratio_{end}": pl.col(source).exp()
        for end, source in zip(("per_sd", "low", "high"), _ENDS, strict=True)
    }
    decided = {f"recalibration_{name}": pl.lit(value) for name, value in curve._asdict().items()}
    return moved.with_columns(**ratios, **decided)


def _evaluate(forecasts: pl.DataFrame, origin_on: date, name: str) -> dict[str, object]:
    """Judge one origin with the curve of the origins whose windows had ended by then."""
    now = forecasts.filter(pl.col("origin_on") == origin_on)
    earlier = forecasts.filter(pl.col("window_end_on") <= origin_on)
    curve = CALIBRATORS[name](earlier) if earlier.height else None
    loss = _log_loss(now, NO_CHANGE)
    told = {
        "calibrator": name,
        "origin_on": origin_on,
        **(curve or NO_CHANGE)._asdict(),
        "log_loss": loss,
        "n_rows": now.height,
    }
    moved = None if curve is None else _log_loss(now, curve)
    return {**told, "log_loss_recalibrated": moved, "gain": None if moved is None else loss - moved}


def _log_loss(forecasts: pl.DataFrame, curve: Curve) -> float:
    logit = curve.of(forecasts["churn_logit"].to_numpy())
    churned = forecasts["is_churned"].cast(pl.Float64).to_numpy()
    return float((np.logaddexp(0.0, logit) - churned * logit).mean())


def _basis(logit: Floats) -> tuple[Floats, Floats, Floats]:
    return np.ones(len(logit)), logit, np.logaddexp(0.0, logit)


def _mean_and_error(gains: Floats) -> tuple[float | None, float | None]:
    if len(gains) < MIN_JUDGED_ORIGINS:
        return (float(gains.mean()) if len(gains) else None), None
    return float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(gains)))

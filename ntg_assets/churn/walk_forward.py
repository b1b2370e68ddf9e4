"""What the churn model would have said at past origins: refitted on the windows that had closed by
then.
"""

from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.logistic import fit_churn
from ntg_assets.churn.scores import score_churn
from ntg_assets.configuration.churn import ChurnSettings

# an origin with fewer closed rows before it says nothing about the model that will be used
MIN_FIT_ROWS = 100


def walk_forward_origins(labelled: pl.DataFrame, *, settings: ChurnSettings) -> list[date]:
    """List the latest closed snapshots a horizon apart,
    at most `walk_forward_origins`, that have enough closed rows before them.
    """
    chosen: list[date] = []
    horizon = timedelta(days=settings.horizon_days)
    for snapshot_on in labelled["snapshot_on"].unique().sort(descending=True).to_list():
        is_apart = not chosen or snapshot_on <= chosen[-1] - horizon
        if (
            len(chosen) < settings.walk_forward_origins
            and is_apart
            and closed_before(labelled, snapshot_on).height >= MIN_FIT_ROWS
        ):
            chosen.append(snapshot_on)
    return chosen[::-1]


def closed_before(labelled: pl.DataFrame, origin_on: date) -> pl.DataFrame:
    """Keep the labels that were known at an origin: their window had ended."""
    return labelled.filter(pl.col("window_end_on") <= origin_on)


def walk_forward(labelled: pl.DataFrame, *, settings: ChurnSettings) -> pl.DataFrame:
    """Forecast each past origin with the model that could have been fitted then.

    Returns:
        `churn_walk_forward`: `origin_on`, `window_end_on`, `user_id`, `churn_logit`, `is_churned`,
            by origin and user.
    """
    made = [
        _forecast(labelled, origin_on, settings=settings)
        for origin_on in walk_forward_origins(labelled, settings=settings)
    ]
    return pl.concat(made) if made else labelled.head(0).select(*_FORECAST)


_FORECAST = (
    pl.col("snapshot_on").alias("origin_on"),
    pl.col("window_end_on"),
    pl.col("user_id"),
    pl.lit(0.0).alias("churn_logit"),
    pl.col("is_churned"),
)


def _forecast(labelled: pl.DataFrame, origin_on: date, *, settings: ChurnSettings) -> pl.DataFrame:
    coefficients = fit_churn(
        closed_before(labelled, origin_on), regularisation=settings.regularisation
    )
    now = labelled.filter(pl.col("snapshot_on") == origin_on)
    return now.select(*_FORECAST).with_columns(score_churn(now, coefficients)["churn_logit"])

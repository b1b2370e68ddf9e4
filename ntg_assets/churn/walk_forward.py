"""What every churn model that may be shipped would have said at past origins: refitted on what was
known by then.
"""

from datetime import date, timedelta

import polars as pl

from ntg_assets.churn.learning.candidates import CANDIDATES, fitted_table
from ntg_assets.churn.learning.logistic import user_codes
from ntg_assets.churn.learning.training import training_set
from ntg_assets.churn.scores import score_churn
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.storage.run import run

# an origin with fewer closed rows before it says nothing about the model that will be used
MIN_FIT_ROWS = 100
# labelled rows, and users known, that a fit at a past origin rests on: every k-th user beyond. Some
# fifty coefficients of more differ by less than origins do, and eight origins cost as one.
MOST_FIT_ROWS, MOST_USERS = 100_000, 50_000


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


def everyone_at(user_days: pl.DataFrame, origin_on: date) -> pl.DataFrame:
    """Activity of every user known on a day, as rows of `churn_snapshots`."""
    features = run(user_activity_features(user_days, active_users_at(user_days, origin_on)))
    return features.rename({"cutoff_on": "snapshot_on"}).sort("user_id")


def walk_forward(
    labelled: pl.DataFrame, user_days: pl.DataFrame, *, settings: ChurnSettings
) -> pl.DataFrame:
    """Forecast each past origin with every candidate as it could have been fitted then.

    Args:
        labelled: `labelled_snapshots`.
        user_days: One row per (user, active day); days from an origin on are not looked at.
        settings: Horizon, number of origins, penalty.

    Returns:
        `churn_walk_forward`: `origin_on`, `window_end_on`, `user_id`, `model`, `churn_logit`,
            `is_churned`, by origin, model and user.
    """
    origins = walk_forward_origins(labelled, settings=settings)
    sampled = _of_every_kth_user(user_days) if origins else user_days
    made = [
        _forecast(labelled, everyone_at(sampled, origin_on), origin_on, settings=settings)
        for origin_on in origins
    ]
    return pl.concat(made) if made else labelled.head(0).select(*_FORECAST)


_FORECAST = (
    pl.col("snapshot_on").alias("origin_on"),
    pl.col("window_end_on"),
    pl.col("user_id"),
    pl.lit("").alias("model"),
    pl.lit(0.0).alias("churn_logit"),
    pl.col("is_churned"),
)


def _forecast(
    labelled: pl.DataFrame, everyone: pl.DataFrame, origin_on: date, *, settings: ChurnSettings
) -> pl.DataFrame:
    closed = closed_before(labelled, origin_on)
    is_kept = user_codes(closed) % max(-(-closed.height // MOST_FIT_ROWS), 1) == 0
    training = training_set(closed.filter(pl.Series(is_kept)), everyone, settings=settings)
    now = labelled.filter(pl.col("snapshot_on") == origin_on)
    with one_thread():  # the order of sums in a threaded product is not fixed
        tables = {model: fitted_table(training, model) for model in sorted(CANDIDATES)}
    return pl.concat(
        now.select(*_FORECAST).with_columns(
            score_churn(now, table)["churn_logit"], model=pl.lit(model)
        )
        for model, table in tables.items()
    )


def _of_every_kth_user(user_days: pl.DataFrame) -> pl.DataFrame:
    users = user_days["user_id"].unique().sort()
    step = max(-(-len(users) // MOST_USERS), 1)
    return user_days.filter(pl.col("user_id").is_in(users.gather_every(step).implode()))

"""The planted truth as tables: what a test or a benchmark compares its findings with."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ntg_assets.synthetic.catalogue import Catalogue
from ntg_assets.synthetic.click_law import ClickLaw
from ntg_assets.synthetic.events import MEAN_AMOUNT
from ntg_assets.synthetic.planted import Planted
from ntg_assets.synthetic.spec import WorldSpec


def item_table(catalogue: Catalogue) -> pl.DataFrame:
    """The item table of the log itself, one row per item by id: `item_id`,
    `title`, `categories` joined by '|'.
    """
    columns = (catalogue.item_id, catalogue.category, catalogue.second_category)
    rows = pl.DataFrame(dict(zip(("item_id", "first", "second"), columns, strict=True)))
    with_bar = pl.concat_str(pl.lit("|"), _category("second"))
    second = pl.when(pl.col("second") >= 0).then(with_bar).otherwise(pl.lit(""))
    return rows.sort("item_id").select(
        "item_id",
        title=pl.concat_str(pl.lit("Item "), pl.col("item_id").cast(pl.String).str.zfill(6)),
        categories=pl.concat_str(_category("first"), second),
    )


def item_truth(planted: Planted, law: ClickLaw) -> pl.DataFrame:
    """One row per item: community, fad or evergreen (null half-life),
    release, draw on the first day, successor, click quality.
    """
    catalogue = planted.catalogue
    has_successor = catalogue.successor >= 0
    return pl.DataFrame(
        {
            "item_id": catalogue.item_id,
            "community": catalogue.community,
            "is_fad": np.isfinite(catalogue.half_life),
            "half_life_days": pl.Series(catalogue.half_life).replace(np.inf, None),
            "released_on": _dates(catalogue.released, spec=planted.spec),
            "weight": catalogue.weight,
            "successor_id": (
                pl.Series(catalogue.item_id[catalogue.successor]).zip_with(
                    pl.Series(has_successor), pl.Series([None], dtype=pl.Int64)
                )
            ),
            "click_quality": law.quality,
        }
    ).sort("item_id")


def user_truth(planted: Planted, law: ClickLaw) -> pl.DataFrame:
    """One row per user: taste, activity, hazard lived through, day of leaving
    (null: still there), kind of user, click pace.

    `expected_deaths` is the sum of the daily hazards that the user lived through: over any group of
    users chosen by what was known beforehand, the number who left minus it has mean 0 and a
    variance of about it.
    """
    population, lives, spec = planted.population, planted.lives, planted.spec
    n_events = np.bincount(lives.user, weights=planted.n_events, minlength=spec.n_users)
    return pl.DataFrame(
        {
            "user_id": population.user_id,
            "community": population.community,
            "second_community": population.second_community,
            "joined_on": _dates(population.joined, spec=spec),
            "rate_class": population.rate_class,
            "daily_rate": lives.rates[population.rate_class],
            "expected_events_per_active_day": planted.expected_per_active_day,
            "expected_event_value": population.value_level * MEAN_AMOUNT,
            "is_power_user": population.is_power_user,
            "is_bot": population.is_bot,
            "left_on": _left_on(lives.fates["died"].to_numpy(), spec=spec),
            "expected_deaths": lives.fates["compensator"],
            "n_active_days": np.bincount(lives.user, minlength=spec.n_users),
            "n_events": n_events.astype(np.int64),
            "click_pace": law.pace,
        }
    )


def _left_on(died: NDArray[np.int32], *, spec: WorldSpec) -> pl.Series:
    """Day on which each user left; null of who is still there."""
    days = pl.Series(_dates(died, spec=spec))
    return days.zip_with(pl.Series(died >= 0), pl.Series([None], dtype=pl.Date))


def churn_truth(planted: Planted) -> pl.DataFrame:
    """One row per user and cutoff T (people who joined before it): P(no activity in `[T,
    T + horizon)`), exactly.

    `silence_probability` is conditional on the log before T alone (what the best possible model
    would say); `silence_probability_own_rate` also knows the user's planted rate. `was_silent` is
    null while the window is open.
    """
    rows = planted.lives.churn
    return rows.select(
        user_id=pl.Series(planted.population.user_id[rows["user"].to_numpy()]),
        cutoff_on=_dates(rows["cutoff_day"].to_numpy(), spec=planted.spec),
        horizon_days=pl.lit(planted.spec.horizon_days, dtype=pl.Int32),
        silence_probability="silence_probability",
        silence_probability_own_rate="silence_probability_own_rate",
        daily_hazard="daily_hazard",
        is_alive="is_alive",
        recency_days="recency_days",
        was_silent="was_silent",
    )


def trial_truth(planted: Planted) -> pl.DataFrame:
    """One row per user in the trial: arm, risk before it,
    active days in both arms under the same luck, expected value in both.
    """
    population, lives, spec = planted.population, planted.lives, planted.spec
    user = lives.trial["user"].to_numpy()
    per_day = pl.Series(
        planted.expected_per_active_day[user] * population.value_level[user] * MEAN_AMOUNT
    )
    return lives.trial.select(
        experiment_id=pl.lit(spec.trial.experiment_id),
        user_id=pl.Series(population.user_id[user]),
        arm=_arm(),
        risk_probability="risk_probability",
        risk_band="risk_band",
        active_days="active_days",
        active_days_if_control="active_days_if_control",
        active_days_if_treatment="active_days_if_treatment",
        expected_value_if_control=pl.col("active_days_if_control") * per_day,
        expected_value_if_treatment=pl.col("active_days_if_treatment")
        * per_day
        * (1 + spec.trial.value_lift),
    )


def assignments(planted: Planted) -> pl.DataFrame:
    """The trial's assignment log, as an experiment platform would keep it."""
    lives, spec = planted.lives, planted.spec
    return lives.trial.select(
        experiment_id=pl.lit(spec.trial.experiment_id),
        user_id=pl.Series(planted.population.user_id[lives.trial["user"].to_numpy()]),
        arm=_arm(),
        assigned_at=pl.lit(spec.start_on + timedelta(days=spec.trial_start)).cast(
            pl.Datetime("us")
        ),
    )


def parameters(planted: Planted) -> dict[str, Any]:
    """Everything that was planted, as plain values: the spec, and what follows from it."""
    spec, lives = planted.spec, planted.lives
    effect = lives.trial.select(
        n_users=pl.len(),
        active_days=(pl.col("active_days_if_treatment") - pl.col("active_days_if_control")).mean(),
    ).row(0, named=True)
    return {
        "spec": spec.model_dump(mode="json"),
        "end_on": _date(spec, spec.n_days),
        "cutoffs_on": [_date(spec, day) for day in spec.cutoffs],
        "trial_start_on": _date(spec, spec.trial_start),
        "trial_users": effect["n_users"],
        "trial_mean_effect_active_days": effect["active_days"],
        "daily_rates": lives.rates.tolist(),
        "n_communities": spec.communities,
        "n_bots": spec.n_bots,
        "n_active_days": len(lives.day),
        "category_of_community": [f"taste-{number:02d}" for number in range(spec.communities)],
    }


def _category(column: str) -> pl.Expr:
    return pl.concat_str(pl.lit("taste-"), pl.col(column).cast(pl.String).str.zfill(2))


def _arm() -> pl.Expr:
    return pl.when("in_treatment").then(pl.lit("treatment")).otherwise(pl.lit("control"))


def _date(spec: WorldSpec, day: int) -> str:
    return str(spec.start_on + timedelta(days=day))


def _dates(day: NDArray[np.int32], *, spec: WorldSpec) -> pl.Series:
    return pl.Series(np.datetime64(spec.start_on, "D") + day.astype("timedelta64[D]"))

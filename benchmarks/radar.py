"""The radar and the values in money: how much of what was then lost the top held,
and how much anybody could have held.

The bound. An oracle that knows who leaves is out of reach: who leaves is only known as a
probability. `attainable` keeps the shipped probabilities and is told exactly what each user had
been worth; the ceiling of the synthetic world is told the true probabilities too.
"""

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from benchmarks.harness import Goal
from ntg_assets.arrays import Floats
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.money_calibration import money_calibration
from ntg_assets.evaluation.churn.radar_backtest import ATTAINABLE, LEFT, WINDOWS, radar_backtest
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.randomness import random_stream
from ntg_assets.revenue.value.value_model import daily_run_rate
from ntg_assets.sql import query
from ntg_assets.storage.run import run

SEED = 20260101
TOP_SHARE = 0.1
DRAWS = 200
SIMPLE_RANKINGS = ("churn_probability", "value_at_stake", "risk_times_ltv")


def money_figures(forecasts: pl.DataFrame, others: pl.DataFrame, *, samples: int) -> dict[str, Any]:
    """Capture of every ranking at the first tenth, by kind of loss,
    and forecast money beside what was seen, by decile.
    """
    radar = radar_backtest(
        forecasts, others, samples=samples, rng=random_stream(SEED, "radar")
    ).filter(pl.col("depth_share") == TOP_SHARE)
    calibrated = money_calibration(forecasts, samples=samples, rng=random_stream(SEED, "money"))
    shown = ["captured_share", "captured_share_low", "captured_share_high", "share_of_oracle"]
    return {
        "radar": {row["ranking"]: {name: row[name] for name in shown} for row in _of(radar, LEFT)},
        "radar_other_losses": {
            loss: {row["ranking"]: row["share_of_oracle"] for row in _of(radar, loss)}
            for loss in radar["loss"].unique(maintain_order=True)
        },
        "money_calibration": {
            f"{kind} {segment} {number}": {
                "predicted": told,
                "realised": seen,
                "low": low,
                "high": high,
                "covered": covered,
                "n": n,
            }
            for kind, segment, number, told, seen, low, high, covered, n in calibrated.select(
                "kind",
                "segment",
                "bin",
                "predicted",
                "realised",
                "realised_low",
                "realised_high",
                "covered_share",
                "n_rows",
            ).iter_rows()
        },
    }


def radar_goals(name: str, found: dict[str, Any]) -> list[Goal]:
    """What was asked of the radar, and beside it what could have been reached."""
    radar, by_window = (
        found["radar"],
        [found["radar_other_losses"][loss]["radar"] for loss in WINDOWS],
    )
    simple = max(radar[ranking]["captured_share"] for ranking in SIMPLE_RANKINGS)
    attainable = radar["radar"]["captured_share"] / radar[ATTAINABLE]["captured_share"]
    return [
        Goal(
            f"{name}: radar, share of the oracle's capture",
            radar["radar"]["share_of_oracle"],
            0.6,
            "at_least",
        ),
        Goal(
            f"{name}: radar, the same for the worst window of loss", min(by_window), 0.6, "at_least"
        ),
        Goal(
            f"{name}: radar, share of what exact stakes and the same probabilities capture",
            attainable,
            0.9,
            "at_least",
        ),
        Goal(
            f"{name}: value, 90% ranges hold what was seen",
            found["money_calibration"]["value all 0"]["covered"],
            0.88,
            "at_least",
        ),
        Goal(
            f"{name}: radar, capture above the best simple ranking",
            radar["radar"]["captured_share"] - simple,
            0.0,
            "at_least",
        ),
    ]


def world_ceiling(
    user_days: pl.DataFrame, rows: pl.DataFrame, *, churn: ChurnSettings, samples: int
) -> dict[str, float]:
    """Share of an outcome oracle's capture that the true probabilities themselves reach on the
    synthetic world.

    Args:
        user_days: Active days before the cutoff.
        rows: At-risk users at one cutoff: `user_id`, `cutoff_on`, `churn_probability`,
        `silence_probability` (true), `was_silent`.
        churn: Horizon and at-risk window.
        samples: Draws of who leaves from the true probabilities.

    Returns:
        Shares of the oracle's capture: `radar` (scores x present pace), `true_probabilities` (true
        x what each had exactly been worth), and the same of `true_probabilities` in expectation
        over who leaves.
    """
    value = ValueSettings(basis="event_value")
    origins = rows.select("user_id", origin_on="cutoff_on")
    clock = {"window_days": churn.at_risk_window_days, "horizon_days": churn.horizon_days}
    before = run(
        query(
            "evaluation.churn",
            "value_before",
            {"forecasts": origins, "user_days": user_days},
            **clock,
        )
    )
    cutoff_on = rows["cutoff_on"][0]
    activity = run(user_activity_features(user_days, active_users_at(user_days, cutoff_on)))
    joined = (
        rows.join(before, on="user_id").join(activity, on="user_id", suffix="_then").sort("user_id")
    )
    worth, true = joined["value_at_risk"].to_numpy(), joined["silence_probability"].to_numpy()
    pace = daily_run_rate(joined, settings=value)
    silent, told = (
        joined["was_silent"].cast(pl.Float64).to_numpy(),
        joined["churn_probability"].to_numpy(),
    )
    drawn = random_stream(SEED, "ceiling").random((samples, len(true))) < true
    expected = [_of_oracle(true * worth, leaves * worth) for leaves in drawn]
    return {
        "radar": _of_oracle(told * pace, silent * worth),
        "true_probabilities": _of_oracle(true * worth, silent * worth),
        "true_probabilities_expected": float(np.mean(expected)),
    }


def radar_share(
    values: pl.DataFrame,
    user_days: pl.DataFrame,
    cutoff_on: date,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> tuple[float | None, float | None, float | None]:
    """Loss that the first tenth of the radar held, over what the same probabilities hold that know
    exactly what each user had been worth, with its 95% interval (users drawn again); None where
    neither held any.

    Lost is what users who fell silent in the next churn horizon had brought while at risk.
    """
    before = pl.col("active_on").is_between(
        cutoff_on - timedelta(days=churn.at_risk_window_days), cutoff_on, closed="left"
    )
    brought = pl.col("value_sum").sum() if value.basis == "event_value" else pl.len()
    worth = user_days.filter(before).group_by("user_id").agg(worth=brought.cast(pl.Float64))
    came = user_days.filter(
        pl.col("active_on") >= cutoff_on,
        pl.col("active_on") < cutoff_on + timedelta(days=churn.horizon_days),
    )
    rows = values.join(worth, on="user_id").sort("user_id")
    silent = ~rows["user_id"].is_in(came["user_id"].unique().implode())
    exact = rows["worth"].clip(0.0).to_numpy()
    lost = np.where(silent.to_numpy(), exact, 0.0)
    chance = 1 - rows["active_probability"].to_numpy()
    keys = np.column_stack([rows["revenue_at_risk"].to_numpy(), chance * exact])
    share = _share_of_attainable(keys, lost)
    if share is None:
        return None, None, None
    rng = random_stream(SEED, "radar share")
    drawn = (rng.integers(0, len(lost), len(lost)) for _ in range(DRAWS))
    shares = [_share_of_attainable(keys[again], lost[again]) for again in drawn]
    low, high = np.quantile([other for other in shares if other is not None], (0.025, 0.975))
    return share, float(low), float(high)


def _share_of_attainable(keys: Floats, lost: Floats) -> float | None:
    """Loss that the first tenth by the first key held, over that by the second."""
    n_top = -(-len(lost) // round(1 / TOP_SHARE))
    held, attainable = (
        float(lost[np.argsort(-key, kind="stable")[:n_top]].sum()) for key in keys.T
    )
    return held / attainable if attainable > 0 else None


def _of_oracle(score: Floats, lost: Floats) -> float:
    """Loss held by the first tenth in the order of a score,
    over what the first tenth by the loss itself holds.
    """
    n_top = -(-len(lost) // round(1 / TOP_SHARE))
    return float(
        lost[np.argsort(-score, kind="stable")[:n_top]].sum() / np.sort(lost)[::-1][:n_top].sum()
    )


def _of(radar: pl.DataFrame, loss: str) -> list[dict[str, Any]]:
    return radar.filter(pl.col("loss") == loss).to_dicts()

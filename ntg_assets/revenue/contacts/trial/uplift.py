"""Whom a contact changes: uplift from a randomised programme,
or nothing at all where none has been run.

Users of a trial were given an arm at random; their value in a window after it is compared. With e
the probability of treatment, x what was known before, and m1, m0 regressions of the value on x in
each arm,

    score = m1(x) - m0(x) + [treated] (y - m1(x)) / e - [control] (y - m0(x)) / (1 - e)

has the user's own effect as its mean, whatever the regressions. The uplift model is a ridge
regression of the score on x. It is honest: users are divided in two halves, and each half is judged
by models that saw the other alone. Only when the half of the users with the higher forecast uplift
gained significantly more than all users did is the ranking used, and called measured.

Source: Robins and Rotnitzky 1995 (augmented inverse-propensity score); Athey and Imbens 2016
(honest estimation); Radcliffe 2007 (uplift by groups of the ranking).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.errors import describe_error
from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.contacts.trial.ridge import Ridge
from ntg_assets.statistics.glm import Z_95
from ntg_assets.statistics.one_thread import one_thread

MIN_USERS_PER_ARM = 200  # with fewer, an interval says nothing
HALF = 0.5
HALVES_SALT = "persuadability-halves"
MEASURED, NO_RANKING, NO_EFFECT, TOO_FEW, BROKEN = VERDICTS = (
    "measured uplift",
    "the programme works, but nobody is known to gain more than others",
    "no effect shown",
    "too few users",
    "cannot be measured",
)
REPORT_SCHEMA = {
    "n_treated": pl.Int64,
    "n_control": pl.Int64,
    "window_days": pl.Int64,
    "effect": pl.Float64,
    "effect_low": pl.Float64,
    "effect_high": pl.Float64,
    "top_half_effect": pl.Float64,
    "top_half_gain": pl.Float64,
    "top_half_gain_low": pl.Float64,
    "top_half_gain_high": pl.Float64,
    "verdict": pl.String,
    "problem": pl.String,
}


@dataclass(frozen=True)
class Uplift:
    """What a trial said: `report` (one row, none without a trial),
    and `estimates` (`user_id`, `expected_uplift`; none unless measured).
    """

    report: pl.DataFrame
    estimates: pl.DataFrame


def measure_uplift(trial: pl.DataFrame, now: pl.DataFrame, *, window_days: int) -> Uplift:
    """Fit and judge the uplift of a trial, and forecast it for tonight's users where it may be
    called measured.

    Args:
        trial: One row per user: `user_id`, `is_treated`, `propensity` (of treatment), `value` in
        the window, and the activity before.
        now: Rows of `churn_snapshots` at the cutoff.
        window_days: Window in which the value was counted.
    """
    nobody = _nobody(now)
    if trial.is_empty():
        return Uplift(pl.DataFrame(schema=REPORT_SCHEMA), nobody)
    ordered, sizes = trial.sort("user_id"), _sizes(trial, window_days)
    if min(sizes["n_treated"], sizes["n_control"]) < MIN_USERS_PER_ARM:
        return Uplift(pl.DataFrame([{**sizes, "verdict": TOO_FEW}], schema=REPORT_SCHEMA), nobody)
    with one_thread():  # the order of sums in a threaded product is not fixed
        score, forecast = _cross_fitted(ordered)
        verdict = {**sizes, **_evaluate(score, forecast)}
        report = pl.DataFrame([verdict], schema=REPORT_SCHEMA)
        if verdict["verdict"] != MEASURED:
            return Uplift(report, nobody)
        users = now.sort("user_id")
        uplift = pl.Series("expected_uplift", _fit_uplift(ordered).predict(users))
    return Uplift(report, users.select("user_id").with_columns(uplift))


def _sizes(trial: pl.DataFrame, window_days: int) -> dict[str, int]:
    """How many users of a trial were treated and held out, and over which window they were seen."""
    n_treated = int(trial["is_treated"].sum())
    n_control = trial.height - n_treated
    return {"n_treated": n_treated, "n_control": n_control, "window_days": window_days}


def _nobody(now: pl.DataFrame) -> pl.DataFrame:
    """Estimates of no user."""
    return now.head(0).select("user_id", expected_uplift=pl.lit(0.0))


def uplift_or_problem(
    measure: Callable[[], Uplift], *, trial: pl.DataFrame, now: pl.DataFrame, window_days: int
) -> Uplift:
    """Measure a trial; whatever goes wrong concerns the trial alone,
    and stands in the report in place of an effect.

    Args:
        measure: Measures it.
        trial: `trial_outcomes`.
        now: Rows of `churn_snapshots` at the cutoff.
        window_days: Window in which the value was counted.
    """
    try:
        return measure()
    except Exception as error:  # noqa: BLE001  # the night goes on without the trial, and says so
        row = {**_sizes(trial, window_days), "verdict": BROKEN, "problem": describe_error(error)}
        return Uplift(pl.DataFrame([row], schema=REPORT_SCHEMA), _nobody(now))


def _cross_fitted(trial: pl.DataFrame) -> tuple[Floats, Floats]:
    """Scores and forecasts of every user by models that saw only the other half."""
    is_first = np.array(
        [unit_interval(HALVES_SALT, user) < HALF for user in trial["user_id"].to_list()]
    )
    score, forecast = np.zeros(trial.height), np.zeros(trial.height)
    for judged in (is_first, ~is_first):
        others, own = trial.filter(pl.Series(~judged)), trial.filter(pl.Series(judged))
        score[judged] = _scores(own, _arms(others))
        forecast[judged] = _fit_uplift(others).predict(own)
    return score, forecast


def _fit_uplift(trial: pl.DataFrame) -> Ridge:
    return Ridge.fit(trial, _scores(trial, _arms(trial)))


def _arms(trial: pl.DataFrame) -> tuple[Ridge, Ridge]:
    parts = (trial.filter("is_treated"), trial.filter(~pl.col("is_treated")))
    treated, control = (Ridge.fit(part, part["value"].to_numpy()) for part in parts)
    return treated, control


def _scores(trial: pl.DataFrame, arms: tuple[Ridge, Ridge]) -> Floats:
    value, share = trial["value"].to_numpy(), trial["propensity"].to_numpy()
    treated = trial["is_treated"].to_numpy()
    if_treated, if_control = (arm.predict(trial) for arm in arms)
    return (
        if_treated
        - if_control
        + np.where(treated, (value - if_treated) / share, -(value - if_control) / (1 - share))
    )


def _evaluate(score: Floats, forecast: Floats) -> dict[str, float | str]:
    """Effect on all, and what the half with the higher forecast gained beyond it;
    one score per user, so errors are plain.
    """
    n = len(score)
    is_top = np.zeros(n, dtype=bool)
    is_top[np.argsort(-forecast, kind="stable")[: n // 2]] = True
    effect, error = float(score.mean()), float(score.std(ddof=1) / np.sqrt(n))
    contrast = score * (is_top / is_top.mean() - 1)
    gain, gain_error = float(contrast.mean()), float(contrast.std(ddof=1) / np.sqrt(n))
    low, gain_low = effect - Z_95 * error, gain - Z_95 * gain_error
    verdict = MEASURED if gain_low > 0 else NO_RANKING if low > 0 else NO_EFFECT
    return {
        "effect": effect,
        "effect_low": low,
        "effect_high": effect + Z_95 * error,
        "top_half_effect": effect + gain,
        "top_half_gain": gain,
        "top_half_gain_low": gain_low,
        "top_half_gain_high": gain + Z_95 * gain_error,
        "verdict": verdict,
    }

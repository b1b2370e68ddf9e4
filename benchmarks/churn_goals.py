"""The goals of churn, value and radar for any log, and what defends its horizon."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import polars as pl

from benchmarks.harness import Goal
from benchmarks.radar import radar_goals
from ntg_assets.churn.snapshots import History, churn_horizon_report, shorter_horizon
from ntg_assets.churn.walk_forward import MIN_FIT_ROWS
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.evaluation.churn.challengers.challenger_report import SHIPPED
from ntg_assets.storage.run import run

NAMED_PEERS = ("recency_frequency_value", "recency_frequency_tenure", "recency_only", "bg_nbd")
LOG_LOSS_PEERS = ("gradient_boosting", "bg_nbd", "recency_frequency_tenure")
BIAS_LIMITS = ((0.8, "at_least"), (1.25, "at_most"))
HORIZON_LIMITS = ((0.85, "at_least"), (1.15, "at_most"))


def log_goals(
    name: str, found: Mapping[str, Any], *, observed_value: bool
) -> tuple[list[Goal], dict[str, str]]:
    """Hold the figures of one log against what was asked.

    Args:
        name: Name of the log.
        found: Its figures.
        observed_value: Whether values are revenue that was seen, so that their sum can be right or
            wrong.

    Returns:
        The goals, and of each that has no number on this log (an AUC without both outcomes, a loss
        where nothing was lost) why.
    """
    churn, value = found["churn"], found["value"]
    claims: list[tuple[str, Callable[[], Any], float, Any]] = [
        (
            "AUC above the best named peer",
            lambda: _auc(churn, SHIPPED) - max(_auc(churn, peer) for peer in NAMED_PEERS),
            0.005,
            "at_least",
        ),
        (
            "AUC against gradient boosting",
            lambda: _auc(churn, SHIPPED) - _auc(churn, "gradient_boosting"),
            -0.005,
            "at_least",
        ),
        *(
            (
                f"log loss against {peer.replace('_', ' ')}, in standard errors",
                partial(_errors_behind, churn, peer),
                1.0,
                "at_most",
            )
            for peer in LOG_LOSS_PEERS
        ),
        (
            "ECE over the 95% point of its noise",
            lambda: churn[SHIPPED]["ece"] / churn[SHIPPED]["ece_noise_95"],
            1.0,
            "at_most",
        ),
        (
            "share of truths inside what was expected at the origin",
            lambda: found["expected_quality"]["inside"] / found["expected_quality"]["judged"],
            0.9,
            "at_least",
        ),
        ("value, Spearman against the best", lambda: _spearman_behind(value), -0.005, "at_least"),
    ]
    if observed_value:
        claims += [
            ("value, forecast over observed", lambda: value[SHIPPED]["bias_ratio"], limit, sense)
            for limit, sense in BIAS_LIMITS
        ]
        claims += [
            (
                f"value over the longest span judged, told over seen ({sense})",
                lambda: _longest_ratio(found["value_horizons"]),
                limit,
                sense,
            )
            for limit, sense in HORIZON_LIMITS
        ]
    goals, undefined = [], {}
    for claim, number, limit, sense in claims:
        try:
            goals.append(Goal(f"{name}: {claim}", float(number()), limit, sense))
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            undefined[claim] = (
                "no number on this log: the outcomes, forecasts or values do not differ enough"
            )
    try:
        goals += radar_goals(name, dict(found))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        undefined["radar"] = "no number on this log: nothing was lost at any origin"
    return goals, undefined


def horizon_figures(
    user_days: pl.DataFrame, history: History, churn: ChurnSettings
) -> dict[str, Any]:
    """Say what defends the horizon: who came back after that many silent days,
    and how many horizons the log holds.
    """
    report = run(churn_horizon_report(user_days, history, settings=churn))
    told = {
        name: (
            report.filter(flag)
            .select("n_silences", "return_probability", "ever_returned_share")
            .to_dicts()
        )
        for name, flag in (
            ("after_a_horizon", "is_horizon"),
            ("after_the_at_risk_window", "is_at_risk_limit"),
        )
    }
    n_days = (history.complete_until_on - history.start_on).days
    lengths = {
        "horizon_days": churn.horizon_days,
        "at_risk_days": churn.at_risk_window_days,
        "log_days": n_days,
    }
    return lengths | {name: rows[0] for name, rows in told.items() if rows}


def no_origin(history: History, labelled: pl.DataFrame, churn: ChurnSettings) -> str:
    """One sentence for a log on which no origin can be judged."""
    n_days = (history.complete_until_on - history.start_on).days
    return (
        f"churn: no origin can be judged. The log spans {n_days} days and has {labelled.height:,}"
        f" labelled rows at the horizon of {churn.horizon_days} days; an origin needs a closed"
        f" window after it and {MIN_FIT_ROWS} rows whose window closed before it. Use more users, a"
        f" longer log{shorter_horizon(n_days, churn)}."
    )


def _longest_ratio(horizons: Mapping[str, Any]) -> float:
    """Told over seen of everyone over the longest span, which comes last."""
    whole = [
        row["ratio"]
        for key, row in horizons.items()
        if key.startswith("value ") and key.endswith(" all 0")
    ]
    return float(whole[-1])


def _auc(churn: Mapping[str, Any], model: str) -> float:
    return float(churn[model]["auc"])


def _errors_behind(churn: Mapping[str, Any], peer: str) -> float:
    return -float(churn[peer]["log_loss_difference"]) / float(churn[peer]["standard_error"])


def _spearman_behind(value: Mapping[str, Any]) -> float:
    return float(value[SHIPPED]["spearman"]) - max(
        float(row["spearman"]) for row in value.values() if row["spearman"] is not None
    )

"""What a run says beside the values of a cut: without a word nothing may be far off."""

import polars as pl

from ntg_assets.churn.checks import horizon_warning
from ntg_assets.churn.log_holes import daily_users, describe_holes, find_holes
from ntg_assets.churn.population.arrivals import arrivals, compare_arrivals, describe_arrivals
from ntg_assets.churn.population.thin_weeks import describe_thin_weeks, find_thin_weeks
from ntg_assets.churn.population.windows_around import windows_around
from ntg_assets.churn.population.year_ago import (
    describe_closed,
    describe_further_ahead,
    describe_year_ago,
    look_a_year_back,
    look_further_ahead,
)
from ntg_assets.churn.snapshots import History, churn_horizon_report
from ntg_assets.configuration.churn import ChurnSettings
from ntg_assets.configuration.gate import GateSettings
from ntg_assets.configuration.revenue import ValueSettings
from ntg_assets.evaluation.churn.value_horizons import value_horizons
from ntg_assets.evaluation.gate.quality_rules import value_adds_up
from ntg_assets.features.amount_scales import describe_scales, find_scales
from ntg_assets.features.price_steps import (
    counts_amounts,
    describe_steps,
    find_price_steps,
    price_sample,
)
from ntg_assets.revenue.value.horizon_forecasts import horizon_forecasts
from ntg_assets.revenue.value.value_evidence import value_evidence
from ntg_assets.storage.run import run


def said_beside(
    past: pl.DataFrame,
    known: pl.DataFrame,
    history: History,
    *,
    churn: ChurnSettings,
    value: ValueSettings,
) -> list[str]:
    """What the run would say beside the values: of the release gate, and of checks that warn.

    Args:
        past: `value_walk_forward`.
        known: `user_days` before the cut.
        history: Span of the log and the cut.
        churn: Horizon and at-risk window.
        value: Basis of value.
    """
    followed = horizon_forecasts(past, value_evidence(past))
    horizons = value_horizons(followed, horizon_days=value.horizon_days, churn=churn)
    rule = value_adds_up(horizons, settings=GateSettings())
    daily = run(daily_users(known))
    thin = find_thin_weeks(daily, history, at_risk_days=churn.at_risk_window_days)
    holes = describe_holes(
        find_holes(daily),
        cutoff_on=history.cutoff_on,
        at_risk_days=churn.at_risk_window_days,
    )
    horizon = horizon_warning(run(churn_horizon_report(known, history, settings=churn)))
    counts = run(arrivals(known, history, settings=churn))
    late = [
        describe_arrivals(
            compare_arrivals(counts, history, is_new=is_new, settings=churn),
            is_new=is_new,
            horizon_days=churn.horizon_days,
        )
        for is_new in (True, False)
    ]
    days = churn.horizon_days
    windows = run(windows_around(known, history, horizon_days=days))
    ahead_days = max(days, value.horizon_days)
    peaks = [
        describe_year_ago(look_a_year_back(windows, history, horizon_days=days), horizon_days=days),
        describe_further_ahead(
            look_further_ahead(windows, history, horizon_days=days, ahead_days=ahead_days),
            horizon_days=days,
        ),
    ]
    closed = describe_closed(history, ahead_days=value.horizon_days)
    amounts = run(price_sample(known))
    steps = find_price_steps(amounts, cutoff_on=history.cutoff_on)
    of_amounts = [describe_steps(steps), describe_scales(find_scales(amounts))]
    return [
        *([] if rule.verdict == "pass" else [f"{rule.verdict}: {rule.evidence}"]),
        *filter(
            None,
            [
                holes,
                describe_thin_weeks(thin, history),
                horizon,
                *late,
                *peaks,
                closed,
                *(of_amounts if counts_amounts(value) else []),
            ],
        ),
    ]

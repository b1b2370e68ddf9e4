"""Whom to contact tonight, by strategy and within the policy: capacity,
budget, opt-outs, contact caps, a random holdout.

The expected value of a contact rests on an *assumed* save rate until a randomised trial has
measured it.

    expected saved value = save rate * revenue at risk
    expected cost        = contact cost
                           + offer cost * (save rate * P(churn) + take-up by stayers * (1 -
                           P(churn)))
    expected profit      = expected saved value - expected cost

`win_back` alone is about people who left; for them P is the chance to stay away and the revenue at
risk P (V - R). A contact is assumed to raise the chance to return, 1 - P, by the share `save_rate`
(`takers`): who would hardly come back by themselves is hardly won by it.

`persuadability` alone may rest on uplift: where a randomised programme has measured it
(`persuadability.py`), the saved value is the uplift that is forecast for the user within the
trial's window, and nothing beyond it; else it is as above, and says so.

Whether a user is on a list never depends on the user's own holdout draw: the held-out keep their
place in order and budget. So whoever is on a list is contacted with probability 1 -
`holdout_share`, exactly.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.contacts.budgets import profit_per_cost, up_to_capacity, within_budget
from ntg_assets.revenue.contacts.contact_candidates import LEFT
from ntg_assets.revenue.contacts.objectives import FOR_PROFIT, PERSUADABILITY, WIN_BACK
from ntg_assets.revenue.contacts.policy import NONE, intervention_exclusions

CONTACT, NO_CONTACT = "contact", "no_contact"
TARGET_COLUMNS = (
    "strategy",
    "user_id",
    "rank",
    "action",
    "exclusion",
    "exclusion_detail",
    "churn_probability",
    "revenue_at_risk",
    "expected_saved_value",
    "expected_cost",
    "expected_profit",
    "save_rate",
    "evidence",
    "shadow_price",
    "is_proven_best",
    "unit",
    "reason",
)
ASSUMED, MEASURED = EVIDENCE = ("assumed save rate", "measured uplift")


def intervention_targets(
    radar: pl.DataFrame,
    *,
    settings: RadarSettings,
    exclusions: pl.DataFrame | None = None,
    holds: pl.DataFrame | None = None,
    seed: int = 0,
    warnings: pl.DataFrame | None = None,
    uplift: pl.DataFrame | None = None,
    as_of: date | None = None,
) -> pl.DataFrame:
    """Choose the targets of every strategy.

    Args:
        radar: `contact_candidates`, or `revenue_risk_radar`.
        settings: Strategies and policy.
        exclusions: `intervention_exclusions`; none: the random holdout alone.
        holds: `contact_holds`; any row of it leaves every list empty.
        seed: Decides the order of a random strategy, together with the day.
        warnings: `churn_probability_before` by `user_id`, for early warning.
        uplift: `uplift_estimates`; none, or no rows: persuadability rests on the assumed save rate.
        as_of: Tonight.

    Returns:
        `intervention_targets`, by strategy and rank: who is contacted, and whoever was passed over
            on the way, with the reason.
    """
    excluded = (
        intervention_exclusions(radar, settings=settings) if exclusions is None else exclusions
    )
    candidates = _with_estimates(
        radar.filter("is_at_risk_population").drop("rank", strict=False),
        {"churn_probability_before": warnings, "expected_uplift": uplift},
    )
    policed = _policed(candidates, excluded)
    draw = f"{seed}:{as_of}"
    chosen = pl.concat(
        [
            _choose(policed, strategy, settings=settings, draw=draw)
            for strategy in settings.strategies
        ]
    )
    return chosen if holds is None or holds.is_empty() else chosen.clear()


def _with_estimates(
    candidates: pl.DataFrame, estimates: Mapping[str, pl.DataFrame | None]
) -> pl.DataFrame:
    """Add a column of each table of estimates, null where it says nothing of a user."""
    candidates = candidates.drop("churn_probability_before", strict=False)
    for column, table in estimates.items():
        if table is None:
            candidates = candidates.with_columns(pl.lit(None, pl.Float64).alias(column))
        else:
            added = table.select("user_id", column)
            candidates = candidates.join(added, on="user_id", how="left")
    return candidates


def _policed(candidates: pl.DataFrame, excluded: pl.DataFrame) -> pl.DataFrame:
    """Add the reason that decides against contacting each candidate; `NONE` where there is none."""
    deciding = excluded.filter("is_deciding").select(
        "user_id", "exclusion", exclusion_detail="detail"
    )
    joined = candidates.join(deciding, on="user_id", how="left")
    return joined.with_columns(pl.col("exclusion").fill_null(NONE)).sort("user_id")


def with_economics(candidates: pl.DataFrame, strategy: StrategySettings) -> pl.DataFrame:
    """Add the expected saved value, cost and profit of contacting each candidate;
    by measured uplift where the strategy has one.
    """
    risk = pl.col("churn_probability")
    kept = share_kept(strategy)
    takers = kept + strategy.stayer_take_up * (1 - risk)
    stake = pl.when(risk > 0).then(pl.col("revenue_at_risk") / risk).otherwise(0.0)
    saved = (
        pl.col("expected_uplift")
        if is_measured(candidates, strategy)
        else kept * stake
        if strategy.objective == WIN_BACK
        else strategy.save_rate * pl.col("revenue_at_risk")
    )
    return candidates.with_columns(
        expected_saved_value=saved,
        expected_cost=strategy.contact_cost + strategy.offer_cost * takers,
    ).with_columns(expected_profit=pl.col("expected_saved_value") - pl.col("expected_cost"))


def share_kept(strategy: StrategySettings) -> pl.Expr:
    """Chance that a contact keeps (or brings back) somebody who else would be lost."""
    risk = pl.col("churn_probability")
    if strategy.objective == WIN_BACK:
        return pl.min_horizontal(strategy.save_rate * (1 - risk), risk)
    return strategy.save_rate * risk


def is_measured(candidates: pl.DataFrame, strategy: StrategySettings) -> bool:
    """Whether a strategy can rest on a measured uplift."""
    return strategy.objective == PERSUADABILITY and bool(
        candidates["expected_uplift"].is_not_null().any()
    )


def in_order(candidates: pl.DataFrame, strategy: StrategySettings, *, draw: str) -> pl.DataFrame:
    """Keep those a strategy is about, first target first; ties by user id."""
    if strategy.objective == "random":
        return _with_draw(candidates, f"{draw}:{strategy.name}").sort("priority", "user_id")
    stake, risk = pl.col("ltv_at_stake"), pl.col("churn_probability")
    if strategy.objective in FOR_PROFIT:
        worth = candidates.filter(pl.col("expected_profit") > 0)
        ranked = worth.with_columns(priority=profit_per_cost(strategy))
    elif strategy.objective == "high_value":
        ranked = candidates.filter(risk >= risk.mean()).with_columns(priority=stake)
    elif strategy.objective == "early_warning":
        rise = (risk - pl.col("churn_probability_before")) * stake
        ranked = candidates.with_columns(priority=rise).filter(pl.col("priority") > 0)
    else:
        ranked = candidates.with_columns(priority="revenue_at_risk")
    return ranked.sort("priority", "user_id", descending=[True, False])


def _with_draw(candidates: pl.DataFrame, draw: str) -> pl.DataFrame:
    """Add a priority at random, the same for a user and a draw whoever else there is."""
    drawn = [unit_interval(draw, user) for user in candidates["user_id"].to_list()]
    return candidates.with_columns(pl.Series("priority", drawn, dtype=pl.Float64))


def _choose(
    candidates: pl.DataFrame, strategy: StrategySettings, *, settings: RadarSettings, draw: str
) -> pl.DataFrame:
    candidates = _awake(asked_for(candidates, strategy), strategy)
    measured = is_measured(candidates, strategy)
    ordered = in_order(with_economics(candidates, strategy), strategy, draw=draw)
    paid = within_budget(ordered, strategy, capacity=settings.capacity)
    listed = up_to_capacity(paid, settings.capacity).with_row_index("rank", offset=1)
    is_contact = pl.col("exclusion") == NONE
    return listed.with_columns(
        strategy=pl.lit(strategy.name),
        rank=pl.col("rank").cast(pl.Int64),
        action=pl.when(is_contact).then(pl.lit(CONTACT)).otherwise(pl.lit(NO_CONTACT)),
        save_rate=pl.lit(None if measured else strategy.save_rate, pl.Float64),
        evidence=pl.lit(MEASURED if measured else ASSUMED),
        reason="reason_1",
    ).select(TARGET_COLUMNS)


def asked_for(candidates: pl.DataFrame, strategy: StrategySettings) -> pl.DataFrame:
    """Keep those a strategy may ask for: who left for a win-back, everyone else for any other."""
    is_about_left = strategy.objective == WIN_BACK
    if "basis" not in candidates.columns:
        return candidates.clear() if is_about_left else candidates
    return candidates.filter((pl.col("basis") == LEFT) == is_about_left)


def _awake(candidates: pl.DataFrame, strategy: StrategySettings) -> pl.DataFrame:
    """Leave out who pays and does not watch, unless the strategy says so."""
    if strategy.sleepers or "is_sleeper" not in candidates.columns:
        return candidates
    return candidates.filter(~pl.col("is_sleeper"))

"""Whom to contact tonight, by strategy and within the policy: capacity, budget, opt-outs, a random holdout.

The expected value of a contact rests on an *assumed* save rate until a randomised trial has measured it; nothing here is uplift.

    expected saved value = save rate * revenue at risk
    expected cost        = contact cost + offer cost * (save rate * P(churn) + take-up by stayers * (1 - P(churn)))
    expected profit      = expected saved value - expected cost
"""

from collections.abc import Collection

import numpy as np
import polars as pl

from ntg_assets.churn.design import Floats
from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.budget import Flags, spend
from ntg_assets.revenue.settings import RadarSettings, StrategySettings

CONTACT = "contact"
EXCLUSIONS = ("none", "opted_out", "holdout", "over_budget")
COST_STEPS_PER_UNIT = 1_000_000  # budgets are added up in whole millionths, so their sum has no rounding


def intervention_targets(
    radar: pl.DataFrame, *, settings: RadarSettings, opted_out: Collection[object] = (), seed: int = 0, warnings: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Choose the targets of every strategy.

    Args:
        radar: `revenue_risk_radar`.
        settings: Strategies and policy.
        opted_out: Users who must not be contacted.
        seed: Decides the order of a random strategy.
        warnings: `churn_probability_before` by `user_id`, for early warning.

    Returns:
        `intervention_targets`, by strategy and rank: who is contacted, and whoever was passed over on the way, with the reason.
    """
    earlier = (
        pl.DataFrame(schema={"user_id": radar.schema["user_id"], "churn_probability_before": pl.Float64}) if warnings is None else warnings
    )
    candidates = radar.filter("is_at_risk_population").drop("rank").join(earlier, on="user_id", how="left", maintain_order="left")
    held = candidates.with_columns(_holdout(candidates["user_id"], settings), is_opted_out=_is_among(candidates["user_id"], opted_out))
    chosen = [_choose(held, strategy, settings=settings, seed=seed) for strategy in settings.strategies]
    return pl.concat(chosen)


def with_economics(candidates: pl.DataFrame, strategy: StrategySettings) -> pl.DataFrame:
    """Add the expected saved value, cost and profit of contacting each candidate."""
    risk = pl.col("churn_probability")
    takers = strategy.save_rate * risk + strategy.stayer_take_up * (1 - risk)
    return candidates.with_columns(
        expected_saved_value=strategy.save_rate * pl.col("revenue_at_risk"),
        expected_cost=strategy.contact_cost + strategy.offer_cost * takers,
    ).with_columns(expected_profit=pl.col("expected_saved_value") - pl.col("expected_cost"))


def in_order(candidates: pl.DataFrame, strategy: StrategySettings, *, seed: int) -> pl.DataFrame:
    """Keep those a strategy is about, first target first; ties by user id."""
    if strategy.objective == "expected_profit":
        worth = candidates.filter(pl.col("expected_profit") > 0)
        return worth.with_columns(priority=_profit_per_cost(strategy)).sort("priority", "user_id", descending=[True, False])
    if strategy.objective == "high_value":
        risky = candidates.filter(pl.col("churn_probability") >= pl.col("churn_probability").mean())
        return risky.with_columns(priority="ltv_at_stake").sort("priority", "user_id", descending=[True, False])
    if strategy.objective == "early_warning":
        rise = (pl.col("churn_probability") - pl.col("churn_probability_before")) * pl.col("ltv_at_stake")
        rising = candidates.with_columns(priority=rise).filter(pl.col("priority") > 0)
        return rising.sort("priority", "user_id", descending=[True, False])
    if strategy.objective == "random":
        drawn = [unit_interval(f"{seed}:{strategy.name}", user) for user in candidates["user_id"].to_list()]
        return candidates.with_columns(pl.Series("priority", drawn, dtype=pl.Float64)).sort("priority", "user_id")
    return candidates.with_columns(priority="revenue_at_risk").sort("priority", "user_id", descending=[True, False])


def _choose(candidates: pl.DataFrame, strategy: StrategySettings, *, settings: RadarSettings, seed: int) -> pl.DataFrame:
    ordered = in_order(with_economics(candidates, strategy), strategy, seed=seed)
    policed = ordered.with_columns(
        exclusion=pl.when("is_opted_out").then(pl.lit("opted_out")).when("is_holdout").then(pl.lit("holdout")).otherwise(pl.lit("none"))
    )
    paid = _within_budget(policed, strategy, capacity=settings.capacity)
    reached = _up_to_capacity(paid, settings.capacity)
    contacted = pl.col("exclusion") == "none"
    return reached.with_row_index("rank", offset=1).select(
        strategy=pl.lit(strategy.name),
        user_id="user_id",
        rank=pl.col("rank").cast(pl.Int64),
        action=pl.when(contacted).then(pl.lit(CONTACT)).otherwise(pl.lit("no_contact")),
        exclusion="exclusion",
        churn_probability="churn_probability",
        revenue_at_risk="revenue_at_risk",
        expected_saved_value="expected_saved_value",
        expected_cost="expected_cost",
        expected_profit="expected_profit",
        save_rate=pl.lit(strategy.save_rate),
        evidence=pl.lit("assumed save rate"),
        shadow_price="shadow_price",
        is_proven_best="is_proven_best",
        unit="unit",
        reason="reason_1",
    )


def _within_budget(policed: pl.DataFrame, strategy: StrategySettings, *, capacity: int) -> pl.DataFrame:
    """Pass over whoever the budget does not pay for: by the best choice for profit, else by walking down the list."""
    unpriced = {"shadow_price": pl.lit(None, pl.Float64), "is_proven_best": pl.lit(None, pl.Boolean)}
    if strategy.budget is None:
        return policed.with_columns(**unpriced)
    may = (policed["exclusion"] == "none").to_numpy()
    cost = policed["expected_cost"].to_numpy()
    if strategy.objective == "expected_profit":
        found = spend(policed["expected_profit"].to_numpy()[may], cost[may], budget=strategy.budget, capacity=capacity)
        unpriced = {"shadow_price": pl.lit(found.shadow_price, pl.Float64), "is_proven_best": pl.lit(found.is_exact)}
        paid = np.zeros(len(may), dtype=bool)
        paid[may] = found.chosen
    else:
        paid = _payable(cost, may, budget=strategy.budget)
    exclusion = pl.when(pl.Series(may & ~paid, dtype=pl.Boolean)).then(pl.lit("over_budget")).otherwise("exclusion")
    return policed.with_columns(exclusion=exclusion, **unpriced)


def _payable(cost: Floats, may: Flags, *, budget: float) -> Flags:
    """Walk down the list and pay for whoever the rest of the budget reaches; added up in whole millionths, so without rounding."""
    left = round(budget * COST_STEPS_PER_UNIT)
    paid = np.zeros(len(cost), dtype=bool)
    for position in np.flatnonzero(may):
        steps = round(cost[position] * COST_STEPS_PER_UNIT)
        if steps <= left:
            paid[position] = True
            left -= steps
    return paid


def _up_to_capacity(policed: pl.DataFrame, capacity: int) -> pl.DataFrame:
    """Cut the list after the last target that fits; whoever was passed over before it stays, with the reason."""
    is_target = policed["exclusion"] == "none"
    reached = policed.filter(is_target.cum_sum() <= capacity)
    last = reached.with_row_index("place").filter(pl.col("exclusion") == "none")["place"].max()
    return reached.head(0 if last is None else int(last) + 1)  # type: ignore[arg-type]  # an index column


def _holdout(users: pl.Series, settings: RadarSettings) -> pl.Series:
    drawn = [unit_interval(settings.holdout_salt, user) < settings.holdout_share for user in users.to_list()]
    return pl.Series("is_holdout", drawn, dtype=pl.Boolean)


def _is_among(users: pl.Series, chosen: Collection[object]) -> pl.Series:
    wanted = {str(user) for user in chosen}
    return pl.Series("is_opted_out", [str(user) in wanted for user in users.to_list()], dtype=pl.Boolean)


def _profit_per_cost(strategy: StrategySettings) -> pl.Expr:
    """Profit per unit spent where money is short, profit itself where it is not."""
    profit = pl.col("expected_profit")
    return (
        pl.when(pl.col("expected_cost") > 0).then(profit / pl.col("expected_cost")).otherwise(profit)
        if strategy.budget is not None
        else profit
    )

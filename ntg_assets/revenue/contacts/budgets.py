"""Whom a budget pays for, and how many a team can contact."""

import numpy as np
import polars as pl

from ntg_assets.arrays import Flags, Floats
from ntg_assets.configuration.revenue import StrategySettings
from ntg_assets.revenue.contacts.budget import Selection, spend
from ntg_assets.revenue.contacts.objectives import FOR_PROFIT
from ntg_assets.revenue.contacts.policy import LISTED, NONE, OVER_BUDGET

# budgets are added up in whole millionths, so their sum has no rounding
COST_STEPS_PER_UNIT = 1_000_000


def within_budget(
    ordered: pl.DataFrame, strategy: StrategySettings, *, capacity: int
) -> pl.DataFrame:
    """Pass over whoever the budget does not pay for: by the best choice for profit,
    else by walking down the list.
    """
    if strategy.budget is None:
        return ordered.with_columns(**_prices(None))
    may = ordered["exclusion"].is_in(LISTED).to_numpy()
    cost = ordered["expected_cost"].to_numpy()
    paid, selection = np.zeros(len(may), dtype=bool), None
    if strategy.objective in FOR_PROFIT:
        profit = ordered["expected_profit"].to_numpy()[may]
        selection = spend(profit, cost[may], budget=strategy.budget, capacity=capacity)
        paid[may] = selection.chosen
    else:
        paid = _payable(cost, may, budget=strategy.budget)
    is_unpaid = pl.Series(may & ~paid, dtype=pl.Boolean)
    detail = pl.lit(f"the budget of {strategy.budget:g} brings more elsewhere")
    return ordered.with_columns(
        exclusion=pl.when(is_unpaid).then(pl.lit(OVER_BUDGET)).otherwise("exclusion"),
        exclusion_detail=pl.when(is_unpaid).then(detail).otherwise("exclusion_detail"),
        **_prices(selection),
    )


def _prices(selection: Selection | None) -> dict[str, pl.Expr]:
    """What one more unit of the budget would bring; null where nothing was chosen for profit."""
    price = None if selection is None else selection.shadow_price
    is_exact = None if selection is None else selection.is_exact
    return {
        "shadow_price": pl.lit(price, pl.Float64),
        "is_proven_best": pl.lit(is_exact, pl.Boolean),
    }


def _payable(cost: Floats, may: Flags, *, budget: float) -> Flags:
    """Walk down the list and pay for whoever the rest of the budget reaches;
    added up in whole millionths, so without rounding.
    """
    left = round(budget * COST_STEPS_PER_UNIT)
    paid = np.zeros(len(cost), dtype=bool)
    for position in np.flatnonzero(may):
        steps = round(cost[position] * COST_STEPS_PER_UNIT)
        if steps <= left:
            paid[position] = True
            left -= steps
    return paid


def up_to_capacity(policed: pl.DataFrame, capacity: int) -> pl.DataFrame:
    """Keep whoever stands before the capacity is used up,
    down to the last who is on the list; those passed over before it stay.
    """
    is_contact = (policed["exclusion"] == NONE).cast(pl.Int64)
    is_listed = policed["exclusion"].is_in(LISTED).cast(pl.Int64)
    reached = is_contact.cum_sum() - is_contact < capacity
    more_to_come = (is_listed * reached.cast(pl.Int64)).cum_sum(reverse=True) > 0
    return policed.filter(reached & more_to_come)


def profit_per_cost(strategy: StrategySettings) -> pl.Expr:
    """Profit per unit spent where money is short, profit itself where it is not."""
    profit, cost = pl.col("expected_profit"), pl.col("expected_cost")
    if strategy.budget is None:
        return profit
    return pl.when(cost > 0).then(profit / cost).otherwise(profit)

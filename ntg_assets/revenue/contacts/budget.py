"""Choose whom a limited budget is spent on: exactly on small sets,
on the hull of the relaxed problem at scale.

    maximise sum(profit) over the chosen, with sum(cost) <= budget and at most `capacity` chosen

The shadow price is what one more unit of budget would bring in the relaxed problem (fractions of a
contact allowed).

Source: Dantzig 1957 (the relaxed knapsack is solved in the order of profit - price * cost); HiGHS
by scipy.optimize.milp for the exact one.
"""

from dataclasses import dataclass

import numpy as np

from ntg_assets.arrays import Flags, Floats

MAX_EXACT = 1_000  # candidates up to which the integer programme is solved
# of its search tree: a limit in work, not in time, so that a busy machine chooses the same
MAX_NODES = 20_000
BISECTIONS = 100
SLACK = 1e-9  # relative: sums of costs are not exact


@dataclass(frozen=True)
class Selection:
    """Who is chosen, what one more unit of budget would bring,
    and whether the choice is proven best.
    """

    chosen: Flags
    shadow_price: float
    is_exact: bool


def spend(profit: Floats, cost: Floats, *, budget: float, capacity: int) -> Selection:
    """Spend a budget.

    Args:
        profit: Expected profit of each candidate, cost already taken off; those at or below 0 are
        never chosen.
        cost: Expected cost of each, at least 0.
        budget: Most that may be spent.
        capacity: Most that may be chosen.
    """
    free = _best(profit, np.zeros(len(profit)), capacity)
    if cost[free].sum() <= budget * (1 + SLACK):
        return Selection(free, 0.0, is_exact=True)
    price = _shadow_price(profit, cost, budget=budget, capacity=capacity)
    filled = _fill(profit, cost, price=price, budget=budget, capacity=capacity)
    if len(profit) > MAX_EXACT:
        return Selection(filled, price, is_exact=False)
    exact = _solve(profit, cost, budget=budget, capacity=capacity)
    is_better = exact is not None and profit[exact].sum() >= profit[filled].sum()
    return Selection(
        exact if exact is not None and is_better else filled, price, is_exact=is_better
    )


def _best(profit: Floats, charge: Floats, capacity: int) -> Flags:
    """Mark the up to `capacity` largest positive gains after a charge; ties by position."""
    gain = profit - charge
    chosen = np.zeros(len(gain), dtype=bool)
    order = np.argsort(-gain, kind="stable")[:capacity]
    chosen[order[(gain[order] > 0) & (profit[order] > 0)]] = True
    return chosen


def _shadow_price(profit: Floats, cost: Floats, *, budget: float, capacity: int) -> float:
    """Smallest price of a unit of cost, to bisection accuracy,
    at which the best choice stays within the budget.
    """
    low, high = 0.0, float((profit[cost > 0] / cost[cost > 0]).max(initial=0.0)) + 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_dear = cost[_best(profit, middle * cost, capacity)].sum() <= budget
        low, high = (low, middle) if is_dear else (middle, high)
    return high


def _fill(profit: Floats, cost: Floats, *, price: float, budget: float, capacity: int) -> Flags:
    """Take the best choice at the shadow price, then whoever still fits,
    in the order of gain at that price.
    """
    chosen = _best(profit, price * cost, capacity)
    left, room = budget - cost[chosen].sum(), capacity - int(chosen.sum())
    for position in np.argsort(-(profit - price * cost), kind="stable"):
        if room > 0 and not chosen[position] and profit[position] > 0 and cost[position] <= left:
            chosen[position] = True
            left, room = left - cost[position], room - 1
    return chosen


def _solve(profit: Floats, cost: Floats, *, budget: float, capacity: int) -> Flags | None:
    from scipy.optimize import (  # noqa: PLC0415  # the solver takes a while to import
        Bounds,
        LinearConstraint,
        milp,
    )

    limits = LinearConstraint(
        np.vstack([cost, np.ones(len(cost))]), ub=np.array([budget, float(capacity)])
    )
    whole = np.ones(len(profit), dtype=np.int64)
    solution = milp(
        -profit,
        integrality=whole,
        bounds=Bounds(0, 1),
        constraints=limits,
        options={"mip_rel_gap": 0.0, "node_limit": MAX_NODES},
    )
    if not solution.success:
        return None
    chosen: Flags = (np.round(solution.x) == 1) & (profit > 0)
    return chosen if cost[chosen].sum() <= budget * (1 + SLACK) else None

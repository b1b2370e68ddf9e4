"""The strategies side by side: what each expects to save and spend,
how they overlap, how far the save rate may fall.
"""

from math import fsum

import numpy as np
import polars as pl

from ntg_assets.configuration.revenue import RadarSettings, StrategySettings
from ntg_assets.revenue.contacts.objectives import WIN_BACK
from ntg_assets.revenue.contacts.strategies import (
    ASSUMED,
    CONTACT,
    MEASURED,
    asked_for,
    with_economics,
)

HALF, DOUBLE = 0.5, 2.0


def strategy_comparison(
    targets: pl.DataFrame, radar: pl.DataFrame, *, settings: RadarSettings
) -> pl.DataFrame:
    """Compare the chosen lists.

    Args:
        targets: `intervention_targets`.
        radar: `revenue_risk_radar`.
        settings: Strategies and policy.

    Returns:
        `strategy_comparison`, one row per strategy in the order of the configuration. The overlap
        is that with the first strategy.
    """
    first = _contacts(targets, settings.strategies[0].name)["user_id"].to_list()
    rows = [_row(targets, radar, strategy, first=first) for strategy in settings.strategies]
    return pl.DataFrame(rows, infer_schema_length=None, schema_overrides=_NULLABLE)


def strategy_overlaps(targets: pl.DataFrame, *, settings: RadarSettings) -> pl.DataFrame:
    """Count whom two strategies both contact.

    Returns:
        `strategy_overlaps`, one row per ordered pair of strategies, in the order of the
        configuration.
    """
    names = [strategy.name for strategy in settings.strategies]
    chosen = {name: set(_contacts(targets, name)["user_id"].to_list()) for name in names}
    rows = [
        (first, other, len(chosen[first]), len(chosen[first] & chosen[other]))
        for first in names
        for other in names
        if first != other
    ]
    counted = pl.DataFrame(rows, schema=_OVERLAPS, orient="row")
    share = pl.when(pl.col("n_contacts") > 0).then(pl.col("n_shared") / pl.col("n_contacts"))
    return counted.with_columns(shared_share=share.cast(pl.Float64))


def break_even_save_rate(contacts: pl.DataFrame, strategy: StrategySettings) -> float | None:
    """Save rate at which the list neither wins nor loses; None where no save rate up to 1 pays."""
    risk = contacts["churn_probability"].to_numpy()
    if strategy.objective == WIN_BACK:
        return _break_even_lift(contacts, strategy)
    fixed = (
        strategy.contact_cost * len(risk)
        + strategy.offer_cost * strategy.stayer_take_up * (1 - risk).sum()
    )
    gain = contacts["revenue_at_risk"].sum() - strategy.offer_cost * risk.sum()
    return float(fixed / gain) if gain > 0 and fixed <= gain else None


def _break_even_lift(contacts: pl.DataFrame, strategy: StrategySettings) -> float | None:
    """The same of a win-back: the share by which the chance to return must rise."""
    risk = contacts["churn_probability"].to_numpy()
    stake = np.divide(
        contacts["revenue_at_risk"].to_numpy(), risk, out=np.zeros_like(risk), where=risk > 0
    )
    back = 1 - risk
    fixed = (
        strategy.contact_cost * len(risk)
        + strategy.offer_cost * strategy.stayer_take_up * back.sum()
    )
    gain = back @ stake - strategy.offer_cost * back.sum()
    return float(fixed / gain) if gain > 0 and fixed <= gain else None


def _row(
    targets: pl.DataFrame, radar: pl.DataFrame, strategy: StrategySettings, *, first: list[object]
) -> dict[str, object]:
    listed = targets.filter(pl.col("strategy") == strategy.name)
    contacts = _contacts(targets, strategy.name)
    # exact, so that a part never exceeds the whole
    at_risk = fsum(asked_for(radar, strategy)["revenue_at_risk"])
    reached = fsum(contacts["revenue_at_risk"])
    return {
        "strategy": strategy.name,
        "n_contacts": contacts.height,
        "n_passed_over": listed.height - contacts.height,
        "revenue_at_risk_share": reached / at_risk if at_risk > 0 else 0.0,
        **_economics(contacts, strategy),
        "evidence": listed["evidence"].first() or ASSUMED,
        "overlap_share": contacts["user_id"].is_in(first).mean() if contacts.height else None,
        "budget": strategy.budget,
        "shadow_price": listed["shadow_price"].first(),
        "is_proven_best": listed["is_proven_best"].first(),
        "unit": radar["unit"][0] if radar.height else "index",
    }


def _economics(contacts: pl.DataFrame, strategy: StrategySettings) -> dict[str, float | None]:
    """What a list is expected to save, cost and bring, and how far that hangs on the save rate."""
    measured = bool((contacts["evidence"] == MEASURED).any())
    expected = ("expected_saved_value", "expected_cost", "expected_profit")
    return {
        **{name: float(contacts[name].sum()) for name in expected},
        "profit_at_half_save_rate": _profit(contacts, strategy, factor=HALF),
        "profit_at_double_save_rate": _profit(contacts, strategy, factor=DOUBLE),
        "break_even_save_rate": None if measured else break_even_save_rate(contacts, strategy),
    }


def _contacts(targets: pl.DataFrame, name: str) -> pl.DataFrame:
    return targets.filter(pl.col("strategy") == name, pl.col("action") == CONTACT)


def _profit(contacts: pl.DataFrame, strategy: StrategySettings, *, factor: float) -> float:
    """Profit of the same list if contacts save so many times as much: at another save rate
    (at most 1), or of the measured uplift.
    """
    if (contacts["evidence"] == MEASURED).any():
        return factor * float(contacts["expected_saved_value"].sum()) - float(
            contacts["expected_cost"].sum()
        )
    changed = strategy.model_copy(
        update={
            "save_rate": min(1.0, strategy.save_rate * factor),
            "objective": WIN_BACK if strategy.objective == WIN_BACK else "expected_profit",
        }
    )
    return float(with_economics(contacts, changed)["expected_profit"].sum())


_NUMBERS = ("budget", "overlap_share", "break_even_save_rate", "shadow_price")
_NULLABLE: dict[str, pl.DataType] = {
    **dict.fromkeys(_NUMBERS, pl.Float64()),
    "is_proven_best": pl.Boolean(),
}
_OVERLAPS = {
    "strategy": pl.String,
    "other": pl.String,
    "n_contacts": pl.Int64,
    "n_shared": pl.Int64,
}

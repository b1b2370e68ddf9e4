"""One user's risk in full: how probable, how sure, why, what is at stake,
what each strategy makes of it, and what forbids a contact.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import polars as pl

from ntg_assets.errors import UnknownUserError

STORY_TABLES = (
    "revenue_risk_radar",
    "churn_scores",
    "ltv_estimates",
    "radar_stability",
    "intervention_targets",
)
NEEDED_TABLES = STORY_TABLES[:3]


@dataclass(frozen=True)
class Estimate:
    """A number with its interval (95% unless said otherwise);
    the ends are None where none was estimated.
    """

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class StrategyStory:
    """What one strategy makes of the user; the fields are columns of `intervention_targets`."""

    strategy: str
    rank: int
    action: str
    exclusion: str
    exclusion_detail: str | None
    revenue_at_risk: float
    expected_saved_value: float
    expected_cost: float
    expected_profit: float
    save_rate: float
    evidence: str
    reason: str | None


@dataclass(frozen=True)
class RiskStory:
    """What is known of one user's risk.

    Attributes:
        user_id: Who.
        unit: `index` (relative priority only) or a currency.
        cutoff_on: Day as of which the user was looked at, ISO.
        segment: Life cycle.
        is_at_risk_population: False: silent for so long that nothing is at stake any more.
        churn: Probability of leaving within the horizon.
        risk_percentile: Place among the at-risk users, 1 is the most probable leaver; None outside
        them.
        reasons: Up to three sentences: first what raises the risk, then what lowers it.
        revenue_at_risk: Churn probability times stake.
        stake: What staying is worth more than leaving.
        rank: Place in the radar.
        band: critical, high, medium, low, none.
        top_decile_probability: How surely the user belongs to the first tenth; None outside the
        at-risk users.
        ltv: Lifetime value over `horizon_days`; the ends are those of the estimate.
        next_value: Value of the next churn horizon; the ends are those of what nine of ten such
        users then brought.
        value_parts: What the values are made of, by name.
        horizon_days: Horizon of the values.
        strategies: What each strategy that reached the user says.
        exclusions: Why the user is not contacted, each reason once.
    """

    user_id: Any
    unit: str
    cutoff_on: str
    segment: str
    is_at_risk_population: bool
    churn: Estimate
    risk_percentile: float | None
    reasons: tuple[str, ...]
    revenue_at_risk: Estimate
    stake: float
    rank: int
    band: str
    top_decile_probability: float | None
    ltv: Estimate
    next_value: Estimate
    value_parts: dict[str, float]
    horizon_days: int
    strategies: tuple[StrategyStory, ...] = ()
    exclusions: tuple[str, ...] = ()


VALUE_PARTS = (
    "active_probability",
    "engagement_intensity",
    "leaver_share",
    "recency_weight",
    "discounted_days",
    "ltv_if_stays",
    "ltv_if_leaves",
)


def user_risk_story(tables: Mapping[str, pl.DataFrame], user_id: object) -> RiskStory:
    """Tell one user's risk from the published tables.

    Args:
        tables: `revenue_risk_radar`, `churn_scores`, `ltv_estimates`, and where they are at hand
            `radar_stability` and `intervention_targets`; whole, or only this user's rows.
        user_id: Who; a number and its text mean the same user.

    Raises:
        UnknownUserError: the radar has no such user.
    """
    radar, score, value = (_row(tables[name], user_id, name=name) for name in NEEDED_TABLES)
    stability = next(iter(_rows(tables.get("radar_stability"), user_id)), {})
    strategies = tuple(_strategy(row) for row in _rows(tables.get("intervention_targets"), user_id))
    reasons = (radar[name] for name in ("reason_1", "reason_2", "reason_3"))
    return RiskStory(
        user_id=radar["user_id"],
        unit=radar["unit"],
        cutoff_on=str(score["cutoff_on"]),
        segment=radar["segment"],
        is_at_risk_population=radar["is_at_risk_population"],
        churn=_estimate(score, "churn_probability"),
        risk_percentile=score["risk_percentile"],
        reasons=tuple(reason for reason in reasons if reason is not None),
        revenue_at_risk=_estimate(
            stability | {"revenue_at_risk": radar["revenue_at_risk"]}, "revenue_at_risk"
        ),
        stake=radar["ltv_at_stake"],
        rank=radar["rank"],
        band=radar["band"],
        top_decile_probability=stability.get("top_decile_probability"),
        ltv=_estimate(value, "ltv"),
        next_value=_estimate(value, "next_value"),
        value_parts={name: value[name] for name in VALUE_PARTS},
        horizon_days=value["horizon_days"],
        strategies=strategies,
        exclusions=tuple(
            dict.fromkeys(_why_not(row) for row in strategies if row.action != "contact")
        ),
    )


def _estimate(row: Mapping[str, Any], name: str) -> Estimate:
    """Read a number and its interval, where the row holds one."""
    return Estimate(row[name], row.get(f"{name}_low"), row.get(f"{name}_high"))


def _row(table: pl.DataFrame, user_id: object, *, name: str) -> dict[str, Any]:
    rows = _rows(table, user_id)
    if not rows:
        raise UnknownUserError(
            f"{name}: no user {user_id!r} among its {table.height:,} rows. Ask for an id as the"
            " source writes it."
        )
    return rows[0]


def _rows(table: pl.DataFrame | None, user_id: object) -> list[dict[str, Any]]:
    return (
        []
        if table is None
        else table.filter(pl.col("user_id").cast(pl.String) == str(user_id)).to_dicts()
    )


def _strategy(row: Mapping[str, Any]) -> StrategyStory:
    return StrategyStory(**{part.name: row.get(part.name) for part in fields(StrategyStory)})  # type: ignore[arg-type]  # by contract


def _why_not(row: StrategyStory) -> str:
    return (
        row.exclusion
        if row.exclusion_detail is None
        else f"{row.exclusion}: {row.exclusion_detail}"
    )

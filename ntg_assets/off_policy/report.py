"""The off-policy report: each strategy's estimated value beside the log's own,
and whether the estimate can be believed.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import codes_of
from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy import estimators as est
from ntg_assets.off_policy.evaluation import ESTIMATOR_OF, ValidatedRows, evaluate_strategy
from ntg_assets.off_policy.reward_model import RewardModel, fit_reward_model
from ntg_assets.off_policy.slots import (
    Match,
    Slots,
    by_strategy,
    lists_shown,
    match_any_place,
    match_by_place,
)

LOGGED, ON_POLICY = "logged", "on_policy"
ESTIMATORS = tuple(ESTIMATOR_OF)
ESTIMATE_SCHEMA: dict[str, Any] = {
    "strategy": pl.String,
    "estimator": pl.String,
    "value": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
}
SANITY_SCHEMA: dict[str, Any] = {
    "n_slots": pl.Int64,
    "n_users": pl.Int64,
    "new_user_share": pl.Float64,
    "new_item_share": pl.Float64,
    "filled_share": pl.Float64,
    "support_share": pl.Float64,
    "matched_share": pl.Float64,
    "effective_slots": pl.Float64,
    "effective_users": pl.Float64,
    "largest_weight": pl.Float64,
    "clipped_share": pl.Float64,
    "mean_weight": pl.Float64,
    "mean_weight_low": pl.Float64,
    "mean_weight_high": pl.Float64,
    "supports_claim": pl.Boolean,
    "verdict": pl.String,
}
REPORT_SCHEMA = {**ESTIMATE_SCHEMA, **SANITY_SCHEMA}
# shares and weights of the log's own policy
ALWAYS_WHOLE = (
    "filled_share",
    "support_share",
    "matched_share",
    "largest_weight",
    "mean_weight",
    "mean_weight_low",
    "mean_weight_high",
)
COMPARISON_SCHEMA: dict[str, Any] = {
    "strategy": pl.String,
    "baseline": pl.String,
    "estimator": pl.String,
    "n_users": pl.Int64,
    "difference": pl.Float64,
    "difference_low": pl.Float64,
    "difference_high": pl.Float64,
    "supports_claim": pl.Boolean,
}


class Lists(NamedTuple):
    """What the strategies show.

    Attributes:
        strategies: `strategy_lists`.
        default: `default_list`, shown to users without history.
        users: `user_id` of TRAIN.
        items: `item_id` of TRAIN: what a list made from it can hold.
    """

    strategies: pl.DataFrame
    default: pl.DataFrame
    users: pl.DataFrame
    items: pl.DataFrame


def report_off_policy(
    slots: Slots, lists: Lists, *, settings: OffPolicySettings, list_length: int, minimum_users: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Estimate every strategy's value from the exposures after the cutoff.

    Args:
        slots: Exposures, divided by the cutoff.
        lists: Made from TRAIN.
        settings: Clipping, and what a claim needs.
        list_length: Places of a list that are looked at.
        minimum_users: With fewer users nothing supports a claim.

    Returns:
        `off_policy_report` (strategy x estimator; the log's own policy first) and
        `off_policy_comparisons` (strategy x baseline x estimator). Without exposures after the
        cutoff both are empty.
    """
    held = slots.held_out
    if held.is_empty():
        return pl.DataFrame(schema=REPORT_SCHEMA), pl.DataFrame(schema=COMPARISON_SCHEMA)
    model = fit_reward_model(slots.earlier)
    log = _logged(held, model)
    evaluate = partial(evaluate_strategy, log=log, settings=settings, minimum_users=minimum_users)
    judged = [
        evaluate(name, _match(held, rows, lists, model, list_length=list_length))
        for name, rows in by_strategy(lists.strategies)
    ]
    report = _report(log, judged, minimum_users=minimum_users).with_columns(
        new_user_share=pl.lit(_share_without(held, lists.users, "user_id")),
        new_item_share=pl.lit(_share_without(held, lists.items, "item_id")),
    )
    return report.select(list(REPORT_SCHEMA)), _comparisons(judged)


def _logged(held: pl.DataFrame, model: RewardModel | None) -> est.Logged:
    """Lay the exposures out as arrays, in their order."""
    user = codes_of(held["user_id"], known=held["user_id"].unique().sort())
    forecast = None if model is None else model.forecast(held).to_numpy()
    return est.Logged(user.astype(np.int64), held["reward"].to_numpy(), forecast)


def _share_without(held: pl.DataFrame, trained: pl.DataFrame, column: str) -> float:
    """Return the share of exposures whose user or item TRAIN does not hold."""
    return held.join(trained, on=column, how="anti").height / held.height


def _match(
    held: pl.DataFrame,
    rows: pl.DataFrame,
    lists: Lists,
    model: RewardModel | None,
    *,
    list_length: int,
) -> Match:
    shown = lists_shown(
        rows, lists.default, slots=held, train_users=lists.users, list_length=list_length
    )
    knows_places = held["position"].null_count() == 0
    return (match_by_place if knows_places else match_any_place)(held, shown, model=model)


def _report(log: est.Logged, judged: list[ValidatedRows], *, minimum_users: int) -> pl.DataFrame:
    own = est.on_policy(log)
    rows = [_logged_row(log, own, minimum_users=minimum_users)]
    for strategy in judged:
        for name in ESTIMATORS:
            if name in strategy.estimates:
                estimate = strategy.estimates[name]
                values = [
                    strategy.strategy,
                    name,
                    *estimate.interval(),
                    *estimate.minus(own).interval(),
                ]
                rows.append(dict(zip(ESTIMATE_SCHEMA, values, strict=True)) | strategy.sanity)
    return pl.DataFrame(rows, schema=REPORT_SCHEMA)


def _logged_row(log: est.Logged, own: est.Estimate, *, minimum_users: int) -> dict[str, Any]:
    """Make the row of the log's own policy: all of it is seen, and every weight is 1."""
    n_users = int(log.user.max()) + 1
    is_enough = n_users >= minimum_users
    thin = f"thin evidence: {n_users:,} of the {minimum_users:,} users that a claim needs"
    return {
        "strategy": LOGGED,
        "estimator": ON_POLICY,
        **dict(zip(("value", "low", "high"), own.interval(), strict=True)),
        **dict.fromkeys(("difference", "difference_low", "difference_high"), 0.0),
        **dict.fromkeys(ALWAYS_WHOLE, 1.0),
        "n_slots": log.n_slots,
        "n_users": n_users,
        "effective_slots": float(log.n_slots),
        "clipped_share": 0.0,
        "effective_users": est.effective_size(np.bincount(log.user).astype(np.float64)),
        "supports_claim": is_enough,
        "verdict": "what the log itself earned" if is_enough else thin,
    }


def _comparisons(judged: list[ValidatedRows]) -> pl.DataFrame:
    rows = [
        (
            ours.strategy,
            theirs.strategy,
            name,
            ours.sanity["n_users"],
            *ours.estimates[name].minus(theirs.estimates[name]).interval(),
            ours.sanity["supports_claim"] and theirs.sanity["supports_claim"],
        )
        for ours in judged
        for theirs in judged
        for name in ESTIMATORS
        if ours is not theirs and name in ours.estimates and name in theirs.estimates
    ]
    return pl.DataFrame(rows, schema=COMPARISON_SCHEMA, orient="row")

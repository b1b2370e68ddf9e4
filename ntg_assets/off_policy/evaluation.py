"""One strategy: what its lists would have earned, and whether that can be believed."""

from typing import Any, NamedTuple

import numpy as np

from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy import estimators as est
from ntg_assets.off_policy.doubts import _cut, doubts_of
from ntg_assets.off_policy.slots import (
    Match,
)

ESTIMATOR_OF = {
    "ips": est.inverse_propensity,
    "snips": est.self_normalised,
    "dr": est.doubly_robust,
}


class ValidatedRows(NamedTuple):
    """One strategy: its estimates by estimator, its sanity numbers."""

    strategy: str
    estimates: dict[str, est.Estimate]
    sanity: dict[str, Any]


def evaluate_strategy(
    name: str, match: Match, log: est.Logged, *, settings: OffPolicySettings, minimum_users: int
) -> ValidatedRows:
    """Estimate what a strategy would have earned, and say whether that can be believed.

    Args:
        name: Of the strategy.
        match: How its lists meet the exposures, slot by slot.
        log: The exposures, in the same order.
        settings: Clipping, and what a claim needs.
        minimum_users: With fewer users nothing supports a claim.
    """
    used = _clipped(match, settings.largest_weight)
    estimates = {
        estimator: value
        for estimator, estimate in ESTIMATOR_OF.items()
        if (value := estimate(log, used)) is not None
    }
    sanity = _sanity(match, used, log)
    doubts = doubts_of(sanity, settings=settings, minimum_users=minimum_users)
    cut = [_cut(sanity["clipped_share"], log)] if sanity["clipped_share"] > 0 else []
    verdict = "; ".join([*doubts, *cut]) or "the checks hold"
    return ValidatedRows(
        name, estimates, sanity | {"supports_claim": not doubts, "verdict": verdict}
    )


def _clipped(match: Match, limit: float | None) -> Match:
    """Cut every weight at the largest one that may count."""
    return match if limit is None else match._replace(weight=np.minimum(match.weight, limit))


def _sanity(match: Match, used: Match, log: est.Logged) -> dict[str, Any]:
    """Count what the estimates of a strategy rest on.

    Args:
        match: How the strategy meets the log, its weights as they are: clipping must not hide what
            is wrong.
        used: The same, its weights clipped where that is configured.
        log: The exposures.
    """
    mean, n_filled = est.mean_weight(log, match), float(match.filled.sum())
    whole = float(match.weight.sum())
    n_supported = float((match.supported * match.filled).sum())
    return {
        "n_slots": log.n_slots,
        "n_users": int(log.user.max()) + 1,
        "filled_share": n_filled / log.n_slots,
        "support_share": n_supported / n_filled if n_filled else 0.0,
        "matched_share": float((match.weight > 0).mean()),
        "effective_slots": est.effective_size(used.weight),
        "effective_users": est.effective_size(log.per_user(used.weight)),
        "largest_weight": float(match.weight.max()),
        "clipped_share": 1 - float(used.weight.sum()) / whole if whole else 0.0,
        "mean_weight": mean.value,
        "mean_weight_low": mean.low,
        "mean_weight_high": mean.high,
    }

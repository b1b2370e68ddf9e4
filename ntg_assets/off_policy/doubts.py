"""Why an estimate from a log should not be believed."""

from collections.abc import Iterator
from typing import Any

from ntg_assets.configuration.off_policy import OffPolicySettings
from ntg_assets.off_policy import estimators as est

# of the expected mean weight: with a wider interval propensities could be wrong by half and nobody
# would notice
WIDEST_MARGIN = 0.5
MOST_CUT = 0.05  # share of all weight: beyond it estimates are of another list than the strategy's


def doubts_of(
    sanity: dict[str, Any], *, settings: OffPolicySettings, minimum_users: int
) -> list[str]:
    """Say in words what stands against believing the estimates; nothing when all checks hold."""
    return [
        *_thin_evidence(sanity, settings=settings, minimum_users=minimum_users),
        *_wrong_weights(sanity),
    ]


def _thin_evidence(
    sanity: dict[str, Any], *, settings: OffPolicySettings, minimum_users: int
) -> Iterator[str]:
    """Say where the log knows too little of what the strategy would show."""
    if sanity["n_users"] < minimum_users:
        yield (
            f"thin evidence: {sanity['n_users']:,} of the {minimum_users:,} users that a claim"
            " needs"
        )
    if sanity["effective_users"] < settings.minimum_effective_users:
        yield (
            "what the log showed by chance and the strategy would show counts as"
            f" {sanity['effective_users']:,.1f} users; {settings.minimum_effective_users:,} are"
            " needed"
        )
    if sanity["support_share"] < settings.minimum_support_share:
        yield (
            f"the log has never shown {1 - sanity['support_share']:.0%} of what the strategy would"
            " show"
        )


def _wrong_weights(sanity: dict[str, Any]) -> Iterator[str]:
    """Say where propensities look wrong, or too much of their weight was cut."""
    if doubt := _weight_doubt(sanity):
        yield doubt
    if sanity["clipped_share"] > MOST_CUT:
        yield f"too much weight is cut: {sanity['clipped_share']:.1%}, {MOST_CUT:.0%} may be"


def _weight_doubt(sanity: dict[str, Any]) -> str:
    """Hold the mean weight against what it must be: wrong where that lies outside its interval,
    idle where the interval holds anything.
    """
    low, high = sanity["mean_weight_low"], sanity["mean_weight_high"]
    expected = sanity["filled_share"]
    if low is None:
        return ""  # one user: thin evidence already
    if high < expected:
        doubt = "propensities are too high, or the log could not have shown all of its list"
    elif low > expected:
        doubt = "propensities are too low"
    elif high - low > 2 * WIDEST_MARGIN * expected:
        doubt = "too uncertain to notice wrong propensities"
    else:
        return ""
    interval = f"mean weight {sanity['mean_weight']:.3g} ({low:.3g} to {high:.3g})"
    return f"{interval} where {expected:.3g} is expected: {doubt}"


def _cut(share: float, log: est.Logged) -> str:
    """Say what cutting weights does to the estimates."""
    bias = "IPS is too low" if log.reward.min() >= 0 else "IPS is biased"
    return f"off_policy.largest_weight cut {share:.2%} of the weight: {bias}"

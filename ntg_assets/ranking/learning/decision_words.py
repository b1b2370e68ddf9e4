"""The decision about the weights of the blend, and the pace of popularity, in words."""

from collections.abc import Sequence

from ntg_assets.ranking.learning.blend_fit import DECISION_K
from ntg_assets.ranking.learning.harm_guard import GUARD_K, Evidence
from ntg_assets.ranking.learning.popularity_pace import Pace
from ntg_assets.ranking.scoring.popularity import half_life_in_words
from ntg_assets.ranking.scoring.sources import Source


def decision_in_words(
    sources: Sequence[Source], evidence: Evidence | None, pace: Pace | None
) -> str:
    """Say which weights are used, and why, with the figures that decided."""
    judged = "" if pace is None else f" {_pace_in_words(pace)}"
    if evidence is None:
        return f"No user has labels inside TRAIN, so the weights are what other logs teach.{judged}"
    low, high = evidence.gain.low[0], evidence.gain.high[0]
    figures = (
        f"NDCG@{GUARD_K} {evidence.blend:.4f} for the learned blend against"
        f" {evidence.rival:.4f} for popularity ({sources[evidence.floor].name}):"
        f" {evidence.gain.mean[0]:+.4f} [{low:+.4f}, {high:+.4f}] on {evidence.n_users} label users"
    )
    expected = f"{evidence.expected:+.4f} is expected when other logs are counted in"
    decision = {
        "learned": f"Learned weights are used: {figures}.",
        "prior": (
            "Weights that start from other logs and that these labels moved a little are used:"
            f" {figures}, which shows no gain by itself; {expected}."
        ),
        "floor": f"The popularity floor alone is used: {figures}; {expected}.",
    }
    return decision[evidence.status] + judged


def _pace_in_words(pace: Pace) -> str:
    figures = ", ".join(
        f"{half_life_in_words(days)} {mean:.4f}"
        for days, mean in zip(pace.half_life_days, pace.mean, strict=True)
    )
    at = pace.half_life_days.index(pace.chosen)
    return (
        f"Popularity halves in {half_life_in_words(pace.chosen)}: the slowest within one standard"
        f" error of the best at {len(pace.ndcg)} instants, between which its NDCG@{DECISION_K}"
        f" deviates by {pace.deviation[at]:.4f} ({figures})."
    )

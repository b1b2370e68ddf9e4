"""Why a user may leave and what speaks against it: what surely moves the score,
each in a plain sentence.

First comes what raises the risk, since that is what a contact can be about; then what lowers it. A
direction is told where it is sure (`effects`), and with the facts that speak for it (`facts`).
Recency and frequency hold much of each other, so where one of them alone has a direction that none
of its facts speaks for, the two are told as one. Users are compared with the average user of the
fit, with themselves on their last visit, and, where neither raises the risk, with the safest of
those at risk: the way credit scores tell the largest distance from the best (Federal Reserve,
Regulation B, 12 CFR 1002.9, official interpretation). Where that raises nothing either, the
sentence says so.
"""

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.features import GROUPS
from ntg_assets.churn.reasons.effects import (
    ACTIVITY,
    Effects,
    Flags,
    Linear,
    Scored,
    activity_effect,
    group_effects,
    silence_effect,
)
from ntg_assets.churn.reasons.fact_sides import LEAVING, NEITHER, STAYING, Sides, medians
from ntg_assets.churn.reasons.facts import sides, speaks
from ntg_assets.churn.reasons.safest import is_behind, safest
from ntg_assets.churn.reasons.sentences import BOTH, SEASON, TOLD, TOLD_GROUPS, reason_sentences

Ints = npt.NDArray[np.int64]

# the order in which they are told
RAISED, SEASON_RAISED, SIGNLESS, LOWERED, SEASON_LOWERED, UNTOLD = range(6)


def reasons(users: Scored, model: Linear, *, n_reasons: int) -> dict[str, pl.Series]:
    """Tell what moves each user's score.

    Returns:
        Columns `reason_1`, ...: what raises the risk, strongest first; where nothing does and the
        user is at risk, that; then what lowers it, strongest first. The time of year, the same for
        everyone, comes last of each; ties in the order of `TOLD`; null where nothing more is sure.
    """
    is_safest = safest(users.probability, is_peer=users.is_peer)
    side = sides(users.snapshots, medians(users.snapshots, is_peer=users.is_peer))
    size, ranks = _effects(users, model, side, is_safest=is_safest)
    told_as = reason_sentences(users, size, side, is_safest=is_safest)
    order = np.lexsort((-np.abs(size), ranks), axis=1)
    columns = {}
    for place in range(n_reasons):
        chosen = order[:, place]
        is_told = np.take_along_axis(ranks, chosen[:, None], axis=1)[:, 0] < UNTOLD
        columns[f"reason_{place + 1}"] = _chosen(told_as, np.where(is_told, chosen, len(TOLD)))
    return columns


def _effects(users: Scored, model: Linear, side: Sides, *, is_safest: Flags) -> tuple[Floats, Ints]:
    """Size and rank (`RAISED`, ...) of everything that may be told; shape (rows, `TOLD`)."""
    inputs, is_known = model.inputs(users.snapshots), ~np.isnan(users.probability_at_last_visit)
    before = model.inputs(users.at_last_visit.filter(pl.Series(is_known)))
    grouped = group_effects(inputs, model, TOLD_GROUPS.values())
    silent = silence_effect(inputs, before, model, is_known=is_known)
    is_silent = (silent.direction[:, 0] > 0) & (side["silence"] != STAYING)
    ranks = _group_ranks(grouped, side, is_silent=is_silent)
    is_open = users.is_peer & ~(ranks == RAISED).any(axis=1)
    is_asked = is_open & is_behind(users.snapshots, is_safest)
    active = activity_effect(inputs, model, is_safest=is_safest, is_asked=is_asked)
    ranks = np.column_stack([ranks, np.where(active.direction[:, 0] > 0, RAISED, UNTOLD)])
    is_signless = users.is_peer & ~(ranks <= SEASON_RAISED).any(axis=1)
    size = np.column_stack([grouped.size, silent.size, active.size, np.zeros(len(inputs))])
    return size, np.column_stack([ranks, np.where(is_signless, SIGNLESS, UNTOLD)])


def _group_ranks(grouped: Effects, side: Sides, *, is_silent: Flags) -> Ints:
    """Ranks of `TOLD_GROUPS` and of silence; the time of year comes one place after the others of
    its direction.
    """
    told = _ranks(_told_directions(grouped, side, is_silent=is_silent))
    ranks = np.column_stack([told, np.where(is_silent, RAISED, UNTOLD)])
    ranks[:, SEASON] += ranks[:, SEASON] < UNTOLD
    return ranks


def _told_directions(grouped: Effects, side: Sides, *, is_silent: Flags) -> Ints:
    """Directions that are told of `TOLD_GROUPS`: sure ones that a fact speaks for. Recency and
    frequency are told as one where one of them has no such fact, or where only both raise the risk.

    Args:
        grouped: Effects of `TOLD_GROUPS`.
        side: For which side each fact speaks.
        is_silent: Whose silence is told as raising the risk: no fact is told twice.
    """
    sure = grouped.direction
    borne_out = np.column_stack(
        [speaks(side, groups, sure[:, k]) for k, groups in enumerate(TOLD_GROUPS.values())]
    )
    said, strange = np.where(borne_out, sure, NEITHER), (sure != NEITHER) & ~borne_out
    parts, both = [GROUPS.index(group) for group in ACTIVITY], list(TOLD_GROUPS).index(BOTH)
    only_both = (said[:, both] == LEAVING) & ~(said == LEAVING)[:, parts].any(axis=1)
    as_one = strange[:, parts].any(axis=1) | (only_both & ~is_silent)
    said[np.ix_(as_one, parts)] = NEITHER
    said[~as_one, both] = NEITHER
    for place in (GROUPS.index("recency"), both):
        said[is_silent & (said[:, place] == LEAVING), place] = NEITHER
    return said


def _ranks(direction: Ints) -> Ints:
    return np.select([direction == LEAVING, direction == STAYING], [RAISED, LOWERED], UNTOLD)


def _chosen(told_as: pl.DataFrame, codes: Ints) -> pl.Series:
    """The sentence of each row by its place in `TOLD`; null beyond it."""
    picked = (pl.when(pl.col("code") == code).then(name) for code, name in enumerate(TOLD))
    return told_as.with_columns(code=pl.Series(codes)).select(pl.coalesce(*picked).alias("told"))[
        "told"
    ]

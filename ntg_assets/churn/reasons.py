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

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.design import GROUPS
from ntg_assets.churn.effects import (
    ACTIVITY,
    Effects,
    Flags,
    Linear,
    activity_effect,
    group_effects,
    silence_effect,
)
from ntg_assets.churn.facts import (
    LEAVING,
    NEITHER,
    STAYING,
    Sides,
    medians,
    sentences,
    sides,
    speaks,
    spoken,
)
from ntg_assets.churn.safest import behind_in_words, is_behind, safest

Ints = npt.NDArray[np.int64]

RAISES, LOWERS = ": raises the risk", ": lowers the risk"
BOTH, SILENCE, SAFEST, NOTHING = "activity", "silence", "safest", "nothing"
# groups of features behind what is told with a direction
TOLD_GROUPS = {**{group: (group,) for group in GROUPS}, BOTH: ACTIVITY}
# what may be told, in the order in which ties are broken
TOLD = (*TOLD_GROUPS, SILENCE, SAFEST, NOTHING)
N_PLACED = len((*TOLD_GROUPS, SILENCE))  # these have a place among those at risk
# the order in which they are told
RAISED, SEASON_RAISED, SIGNLESS, LOWERED, SEASON_LOWERED, UNTOLD = range(6)
SEASON = TOLD.index("season")
WHOLE_PERCENT = 0.1  # smaller probabilities are told with a decimal


@dataclass(frozen=True)
class Scored:
    """Users as they are scored, row by row.

    Attributes:
        snapshots: Rows of `churn_snapshots` at the cutoff.
        at_last_visit: The same users had their last active day been yesterday; null where that is
        not known.
        probability: Churn probabilities (0-1).
        probability_at_last_visit: Those of `at_last_visit`; NaN where it is not known.
        is_peer: Rows of the at-risk population, with whom everybody is compared.
    """

    snapshots: pl.DataFrame
    at_last_visit: pl.DataFrame
    probability: Floats
    probability_at_last_visit: Floats
    is_peer: Flags


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
    told_as = _sentences(users, size, side, is_safest=is_safest)
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
    ranks = np.column_stack(
        [
            _ranks(_told_directions(grouped, side, is_silent=is_silent)),
            np.where(is_silent, RAISED, UNTOLD),
        ]
    )
    ranks[:, SEASON] += ranks[:, SEASON] < UNTOLD  # one place after the others of its direction
    is_asked = (
        users.is_peer & ~(ranks == RAISED).any(axis=1) & is_behind(users.snapshots, is_safest)
    )
    active = activity_effect(inputs, model, is_safest=is_safest, is_asked=is_asked)
    ranks = np.column_stack([ranks, np.where(active.direction[:, 0] > 0, RAISED, UNTOLD)])
    is_signless = users.is_peer & ~(ranks <= SEASON_RAISED).any(axis=1)
    size = np.column_stack([grouped.size, silent.size, active.size, np.zeros(len(inputs))])
    return size, np.column_stack([ranks, np.where(is_signless, SIGNLESS, UNTOLD)])


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


def peer_shares(effects: Floats, *, is_peer: Flags) -> Floats:
    """Share of the peers whom a thing moves less in the same direction
    (mid-rank); NaN without peers. Shape as `effects`.
    """
    shares = np.full(effects.shape, np.nan)
    n_peers = int(is_peer.sum())
    for thing in range(effects.shape[1] if n_peers else 0):
        values, peers = effects[:, thing], np.sort(effects[is_peer, thing])
        below = (
            np.searchsorted(peers, values, side="left")
            + np.searchsorted(peers, values, side="right")
        ) / (2 * n_peers)
        shares[:, thing] = np.where(values > 0, below, 1 - below)
    return shares


def _sentences(users: Scored, size: Floats, side: Sides, *, is_safest: Flags) -> pl.DataFrame:
    """Every sentence of each row, whether it is told or not; columns `TOLD`."""
    places = peer_shares(size[:, :N_PLACED], is_peer=users.is_peer)
    places[:, SEASON] = np.nan  # it moves everyone alike
    peers = {name: _more_than(pl.Series(places[:, k])) for k, name in enumerate(TOLD[:N_PLACED])}
    words = sentences(users.snapshots)
    made = {
        name: pl.format(
            "{}{}{}",
            spoken(words, side, groups, np.sign(size[:, k]).astype(np.int64)),
            _effect(size[:, k]),
            peers[name],
        )
        for k, (name, groups) in enumerate(TOLD_GROUPS.items())
    }
    before = _percent(pl.Series(users.probability_at_last_visit))
    made[SILENCE] = pl.format(
        f"{{}}{RAISES} (it was {{}} on the day after the last visit){{}}",
        words["silence"],
        before,
        peers[SILENCE],
    )
    made[SAFEST] = pl.format(
        f"{{}}{RAISES} above theirs", behind_in_words(users.snapshots, is_safest)
    )
    made[NOTHING] = pl.format(
        "no sign of their own: about {} of users with this score leave",
        _percent(pl.Series(users.probability)),
    )
    return pl.select(*(sentence.alias(name) for name, sentence in made.items()))


def _effect(size: Floats) -> pl.Series:
    return pl.select(
        pl.when(pl.Series(size > 0)).then(pl.lit(RAISES)).otherwise(pl.lit(LOWERS))
    ).to_series()


def _more_than(place: pl.Series) -> pl.Series:
    percent = (100 * place.fill_nan(None)).floor().cast(pl.Int64)
    return pl.select(
        pl.format(", more than for {}% of those at risk", percent).fill_null("")
    ).to_series()


def _percent(probability: pl.Series) -> pl.Series:
    percent = 100 * probability.fill_nan(None)
    whole, exact = percent.round(0).cast(pl.Int64).cast(pl.String), percent.round(1).cast(pl.String)
    return pl.select(
        pl.format("{}%", pl.when(probability >= WHOLE_PERCENT).then(whole).otherwise(exact))
    ).to_series()


def _chosen(told_as: pl.DataFrame, codes: Ints) -> pl.Series:
    """The sentence of each row by its place in `TOLD`; null beyond it."""
    picked = (pl.when(pl.col("code") == code).then(name) for code, name in enumerate(TOLD))
    return told_as.with_columns(code=pl.Series(codes)).select(pl.coalesce(*picked).alias("told"))[
        "told"
    ]

"""Why a user may leave and what speaks against it: what surely moves the score,
each in a plain sentence.

First comes what raises the risk, since that is what a contact can be about; then what lowers it. A
direction is told where it is sure (`effects`) and that of plain sense (`facts`). Users are compared
with the average user of the fit, with themselves on their last visit, and, where neither raises the
risk, with the safest of those at risk: the way credit scores tell the largest distance from the
best (Federal Reserve, Regulation B, 12 CFR 1002.9, official interpretation). Where that raises
nothing either, the sentence says so.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.design import GROUPS
from ntg_assets.churn.effects import (
    Flags,
    Linear,
    activity_effect,
    group_effects,
    safest,
    silence_effect,
)
from ntg_assets.churn.facts import LEAVING, STAYING, active_days, facts, makes_sense, silence

Ints = npt.NDArray[np.int64]

RAISES, LOWERS = ": raises the risk", ": lowers the risk"
SILENCE, SAFEST, NOTHING = "silence", "safest", "nothing"
# what may be told, in the order in which ties are broken
TOLD = (*GROUPS, SILENCE, SAFEST, NOTHING)
N_PLACED = len((*GROUPS, SILENCE))  # these have a place among those at risk
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
    size, ranks = _effects(users, model, is_safest=is_safest)
    sentences = _sentences(users, size, is_safest=is_safest)
    order = np.lexsort((-np.abs(size), ranks), axis=1)
    told = {}
    for place in range(n_reasons):
        chosen = order[:, place]
        is_told = np.take_along_axis(ranks, chosen[:, None], axis=1)[:, 0] < UNTOLD
        told[f"reason_{place + 1}"] = _chosen(sentences, np.where(is_told, chosen, len(TOLD)))
    return told


def _effects(users: Scored, model: Linear, *, is_safest: Flags) -> tuple[Floats, Ints]:
    """Size and rank (`RAISED`, ...) of everything that may be told; shape (rows, `TOLD`)."""
    inputs, is_known = model.inputs(users.snapshots), ~np.isnan(users.probability_at_last_visit)
    before = model.inputs(users.at_last_visit.filter(pl.Series(is_known)))
    grouped, silent = (
        group_effects(inputs, model),
        silence_effect(inputs, before, model, is_known=is_known),
    )
    by_group = np.where(
        makes_sense(grouped.direction, users.snapshots, is_peer=users.is_peer), grouped.direction, 0
    )
    by_group[silent.direction[:, 0] > 0, GROUPS.index("recency")] = 0  # the same fact is told once
    ranks = np.column_stack([_ranks(by_group), np.where(silent.direction > 0, RAISED, UNTOLD)])
    ranks[:, SEASON] += ranks[:, SEASON] < UNTOLD  # one place after the others of its direction
    is_asked = (
        users.is_peer & ~(ranks == RAISED).any(axis=1) & _is_less_active(users.snapshots, is_safest)
    )
    active = activity_effect(inputs, model, is_safest=is_safest, is_asked=is_asked)
    ranks = np.column_stack([ranks, np.where(active.direction > 0, RAISED, UNTOLD)])
    is_signless = users.is_peer & ~(ranks <= SEASON_RAISED).any(axis=1)
    size = np.column_stack([grouped.size, silent.size, active.size, np.zeros(len(inputs))])
    return size, np.column_stack([ranks, np.where(is_signless, SIGNLESS, UNTOLD)])


def _ranks(direction: Ints) -> Ints:
    return np.select([direction == LEAVING, direction == STAYING], [RAISED, LOWERED], UNTOLD)


def _is_less_active(snapshots: pl.DataFrame, is_safest: Flags) -> Flags:
    """Whether a user was active on fewer of the last 90 days than the safest."""
    usual = _days_of(snapshots, is_safest)
    return (
        np.zeros(len(is_safest), dtype=bool)
        if usual is None
        else (snapshots["active_days_90d"] < usual).to_numpy()
    )


def _days_of(snapshots: pl.DataFrame, chosen: Flags) -> float | None:
    """Active days of the last 90 of the middle one of some users; None without any."""
    return snapshots.filter(pl.Series(chosen))["active_days_90d"].quantile(0.5, "lower")


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


def _sentences(users: Scored, size: Floats, *, is_safest: Flags) -> pl.DataFrame:
    """Every sentence of each row, whether it is told or not; columns `TOLD`."""
    places = peer_shares(size[:, :N_PLACED], is_peer=users.is_peer)
    places[:, SEASON] = np.nan  # it moves everyone alike
    peers = {name: _more_than(pl.Series(places[:, k])) for k, name in enumerate(TOLD[:N_PLACED])}
    group_facts = facts(users.snapshots)
    made = {
        name: pl.format("{}{}{}", group_facts[name], _effect(size[:, k]), peers[name])
        for k, name in enumerate(GROUPS)
    }
    seen = users.snapshots.select(silent=silence(), days=active_days("active_days_90d"))
    before = _percent(pl.Series(users.probability_at_last_visit))
    made[SILENCE] = pl.format(
        f"{{}}{RAISES} ({{}} on the day after){{}}", seen["silent"], before, peers[SILENCE]
    )
    usual = _days_of(users.snapshots, is_safest) or 0
    made[SAFEST] = pl.format(
        f"{{}} in the last 90, {usual:.0f} for the safest tenth of those at risk{RAISES} above"
        " theirs",
        seen["days"],
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


def _chosen(sentences: pl.DataFrame, codes: Ints) -> pl.Series:
    """The sentence of each row by its place in `TOLD`; null beyond it."""
    picked = (pl.when(pl.col("code") == code).then(name) for code, name in enumerate(TOLD))
    return sentences.with_columns(code=pl.Series(codes)).select(pl.coalesce(*picked).alias("told"))[
        "told"
    ]

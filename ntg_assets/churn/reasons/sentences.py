"""What may be told of a user, each in a plain sentence: its facts, its direction, its place among
those at risk.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.churn.learning.features import GROUPS
from ntg_assets.churn.reasons.effects import (
    ACTIVITY,
    Flags,
    Scored,
)
from ntg_assets.churn.reasons.fact_sides import Sides
from ntg_assets.churn.reasons.facts import sentences, spoken
from ntg_assets.churn.reasons.safest import behind_in_words

RAISES, LOWERS = ": raises the risk", ": lowers the risk"
BOTH, SILENCE, SAFEST, NOTHING = "activity", "silence", "safest", "nothing"
# groups of features behind what is told with a direction
TOLD_GROUPS = {**{group: (group,) for group in GROUPS}, BOTH: ACTIVITY}
# what may be told, in the order in which ties are broken
TOLD = (*TOLD_GROUPS, SILENCE, SAFEST, NOTHING)
N_PLACED = len((*TOLD_GROUPS, SILENCE))  # these have a place among those at risk
SEASON = TOLD.index("season")
WHOLE_PERCENT = 0.1  # smaller probabilities are told with a decimal


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


def reason_sentences(users: Scored, size: Floats, side: Sides, *, is_safest: Flags) -> pl.DataFrame:
    """Every sentence of each row, whether it is told or not; columns `TOLD`.

    Args:
        users: Whom the sentences are about.
        size: Effects on the log odds, shape (rows, `TOLD`).
        side: For which side each fact speaks.
        is_safest: Rows that those at risk are held against, shape (rows,).
    """
    places = peer_shares(size[:, :N_PLACED], is_peer=users.is_peer)
    places[:, SEASON] = np.nan  # it moves everyone alike
    peers = {name: _more_than(pl.Series(places[:, k])) for k, name in enumerate(TOLD[:N_PLACED])}
    words = sentences(users.snapshots)
    made = {
        **_group_sentences(words, size, side, peers=peers),
        SILENCE: _silence_sentence(words, users.probability_at_last_visit, peers[SILENCE]),
        SAFEST: pl.format(
            f"{{}}{RAISES} above theirs", behind_in_words(users.snapshots, is_safest)
        ),
        NOTHING: pl.format(
            "no sign of their own: about {} of users with this score leave",
            _percent(pl.Series(users.probability)),
        ),
    }
    return pl.select(*(sentence.alias(name) for name, sentence in made.items()))


def _group_sentences(
    words: pl.DataFrame, size: Floats, side: Sides, *, peers: Mapping[str, pl.Series]
) -> dict[str, pl.Expr]:
    """The facts of each of `TOLD_GROUPS` that speak for the direction of its effect."""
    return {
        name: pl.format(
            "{}{}{}",
            spoken(words, side, groups, np.sign(size[:, k]).astype(np.int64)),
            _effect(size[:, k]),
            peers[name],
        )
        for k, (name, groups) in enumerate(TOLD_GROUPS.items())
    }


def _silence_sentence(words: pl.DataFrame, probability_before: Floats, more: pl.Series) -> pl.Expr:
    """How long a user has been silent, beside the probability on the day after the last visit."""
    before = _percent(pl.Series(probability_before))
    text = f"{{}}{RAISES} (it was {{}} on the day after the last visit){{}}"
    return pl.format(text, words["silence"], before, more)


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

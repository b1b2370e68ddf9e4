"""Weights of returns: a logistic regression of whether users took again what they had,
on labels from inside TRAIN.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import polars as pl
from scipy.special import expit, logit, ndtri

from ntg_assets.arrays import Flags, Floats, position_in_group
from ntg_assets.ranking.learning.examples import Examples
from ntg_assets.ranking.learning.repeat_pairs import fit_pairs
from ntg_assets.ranking.scoring.return_form import (
    ReturnForm,
    middle_of,
    return_probability,
    scale_of,
)
from ntg_assets.ranking.scoring.sources import RETURN_DEFAULTS, RETURN_PAIRS, RETURN_PARTS
from ntg_assets.statistics.bootstrap import LEVEL
from ntg_assets.statistics.likelihood import minimise, significant

DEFAULTS = np.array(list(RETURN_DEFAULTS.values()))
DEFAULT_FORM = ReturnForm.of_parts(DEFAULTS)
# the log likelihood pays half of this times the squared distance to the default weights, parts
# being scaled to deviation 1
RIDGE = 10.0
CASES_PER_USER = 40  # most likely returns of a user that teach
LEAST_RATE = 1e-4  # of cases, from which the fit starts


class ReturnWeights(NamedTuple):
    """The form with the ends of the 95% intervals (clustered by user) of its weights,
    the base first.
    """

    form: ReturnForm
    low: Floats
    high: Floats


def fit_returns(examples: Examples) -> ReturnForm:
    """Fit base and weights; every part speaks for a return,
    so no weight is below 0. What two parts say together is fitted upon them (`fit_pairs`) and may
    speak against one. Without labels the default weights stand.

    A candidate is a case of its own here, other than in the blend: a user takes many of their items
    again, and which of them are nearly sure is what the top of a list needs (measured: it ranks
    better than a softmax over the user's items).
    """
    known = _cases(examples)
    if not known.any() or not examples.taken[known].any():
        return DEFAULT_FORM
    known = _likely(examples, known)
    parts, taken = examples.returns[known], examples.taken[known].astype(np.float64)
    middle, scale = parts.mean(axis=0), np.maximum(parts.std(axis=0), np.finfo(np.float32).eps)
    default = DEFAULTS[1:] * scale
    start = np.concatenate(([logit(np.clip(taken.mean(), LEAST_RATE, 1 - LEAST_RATE))], default))
    design = np.concatenate([np.ones((len(parts), 1)), (parts - middle) / scale], axis=1)

    def objective(weights: Floats) -> tuple[float, Floats]:
        utility, away = design @ weights, weights[1:] - default
        loss = np.logaddexp(0, utility).sum() - taken @ utility + RIDGE / 2 * (away**2).sum()
        gradient = design.T @ (expit(utility) - taken)
        gradient[1:] += RIDGE * away
        return loss / len(taken), gradient / len(taken)

    least = np.concatenate(([-np.inf], np.zeros(len(default))))
    found = minimise(objective, start, bounds=(least, np.inf))
    weights = found[1:] / scale
    base = np.exp(found[0] - middle @ weights)
    alone = ReturnForm.of_parts(significant(np.concatenate(([base], weights))))
    return fit_pairs(parts, taken, alone)


def _likely(examples: Examples, known: Flags) -> Flags:
    """Keep the cases that the default weights put first for their user: the top of a list is drawn
    from these.
    """
    row = np.flatnonzero(known)
    order = row[
        np.lexsort((-return_probability(examples.returns[row], DEFAULT_FORM), examples.user[row]))
    ]
    kept = np.zeros(len(known), np.bool_)
    kept[
        order[position_in_group(examples.user[order], n_groups=examples.n_users) < CASES_PER_USER]
    ] = True
    return kept


def with_returns(examples: Examples, form: ReturnForm, *, position: int) -> Examples:
    """Return the examples with the probability of a return as a feature,
    relative to the user's best (0: never had).
    """
    probability = np.zeros(len(examples.user))
    known = _cases(examples)
    probability[known] = return_probability(examples.returns[known], form)
    best = np.zeros(examples.n_users)
    np.maximum.at(best, examples.user, probability)
    features = examples.features.copy()
    features[:, position] = probability / np.where(best > 0, best, 1.0)[examples.user]
    return replace(examples, features=features)


def return_intervals(examples: Examples, form: ReturnForm) -> ReturnWeights:
    """Return the weights with sandwich intervals, clustered by user and cut at 0, beside what two
    parts say together as it is.

    Source: White 1980; Liang and Zeger 1986.
    """
    known = _likely(examples, _cases(examples))
    parts, user = examples.returns[known], examples.user[known]
    design = np.concatenate([np.ones((len(parts), 1)), parts], axis=1)
    weights, probability = form.weights, return_probability(parts, form)
    scores = np.zeros((examples.n_users, design.shape[1]))
    np.add.at(scores, user, design * (examples.taken[known] - probability)[:, None])
    ridge = (
        np.diag(np.concatenate(([0.0], RIDGE * parts.var(axis=0))))
        + np.eye(design.shape[1]) * np.finfo(np.float32).eps
    )
    bread = np.linalg.inv((design * (probability * (1 - probability))[:, None]).T @ design + ridge)
    margin = ndtri((1 + LEVEL) / 2) * np.sqrt(
        np.maximum(np.diag(bread @ (scores.T @ scores) @ bread), 0.0)
    )
    low, high = np.maximum(weights - margin, 0.0), weights + margin
    low[0], high[0] = weights[0] * np.exp(-margin[0]), weights[0] * np.exp(margin[0])
    return ReturnWeights(form, low, high)


def return_rows(learned: ReturnWeights | None) -> pl.DataFrame:
    """Lay the weights out as rows of `ranking_weights`, of the kind `return`."""
    none = np.full(len(DEFAULTS), np.nan)
    taught = learned or ReturnWeights(DEFAULT_FORM, none, none)
    alone = pl.DataFrame(
        {
            "feature": list(RETURN_DEFAULTS),
            "kind": "return",
            "weight": taught.form.weights,
            "prior_weight": DEFAULTS,
            "learned_weight": taught.form.weights,
            "learned_low": taught.low,
            "learned_high": taught.high,
            "is_floor": False,
        }
    )
    return pl.concat([alone, _pair_rows(taught.form)], how="diagonal")


def _pair_rows(form: ReturnForm) -> pl.DataFrame:
    """Lay out what two parts say together, with the middles and deviations of the parts; no rows
    where nothing taught it.
    """
    weights = {
        **{middle_of(part): value for part, value in zip(RETURN_PARTS, form.middle, strict=True)},
        **{scale_of(part): value for part, value in zip(RETURN_PARTS, form.scale, strict=True)},
        **dict(zip(RETURN_PAIRS, form.pairs, strict=True)),
    }
    rows = pl.DataFrame(
        {"feature": list(weights), "weight": np.array(list(weights.values()), np.float64)}
    ).with_columns(
        pl.lit("return_pair").alias("kind"),
        pl.lit(0.0).alias("prior_weight"),
        pl.col("weight").alias("learned_weight"),
        pl.lit(value=False).alias("is_floor"),
    )
    return rows if form.pairs.any() else rows.clear()


def _cases(examples: Examples) -> Flags:
    """Candidates that the user has had."""
    n_parts = examples.returns.shape[1]
    return ~np.isnan(examples.returns[:, 0]) if n_parts else np.zeros(len(examples.user), np.bool_)

"""What two parts of a return say together: products, fitted upon the weights of the parts."""

import numpy as np
from scipy.special import expit

from ntg_assets.arrays import Floats
from ntg_assets.ranking.scoring.return_form import ReturnForm, places
from ntg_assets.ranking.scoring.sources import RETURN_PAIRS, RETURN_PARTS
from ntg_assets.statistics.likelihood import significant

# the log likelihood pays half of this times the square of a product's weight: some thousand cases
# move it little. Of 100, 200, 400 and 1,000, measured on six logs, none was better than the others
PAIR_RIDGE = 400.0
MOST_STEPS = 50
LARGEST_STEP = 1.0
CONVERGED = 1e-10


def fit_pairs(parts: Floats, taken: Floats, alone: ReturnForm) -> ReturnForm:
    """Fit the weights of products upon what the parts say by themselves.

    How much the frequency of late says hangs on how often users come back to the item, and so on:
    the odds are no plain product of powers. What the parts say by themselves stays as it is, but
    for the base.

    Args:
        parts: Cases x `RETURN_PARTS`.
        taken: Whether each was taken, 0 or 1.
        alone: The form of the parts by themselves.

    Returns:
        The form with middles, deviations and weights of products.
    """
    if parts.shape[1] != len(RETURN_PARTS):
        return alone
    middle, scale = parts.mean(axis=0), parts.std(axis=0)
    scale = np.where(scale > np.finfo(np.float32).eps, scale, 1.0)
    form = alone._replace(middle=significant(middle), scale=significant(scale))
    design = _design(parts, form)
    offset = np.log(alone.weights[0]) + parts @ alone.weights[1:]
    ridge = np.full(design.shape[1], PAIR_RIDGE)
    ridge[0] = 0.0  # the base is free
    fitted = significant(_solved(design, taken, offset, ridge))
    base = alone.weights[:1] * np.exp(fitted[0])
    weights = significant(np.concatenate((base, alone.weights[1:])))
    return form._replace(weights=weights, pairs=fitted[1:])


def _design(parts: Floats, form: ReturnForm) -> Floats:
    """Return cases x (1 and the products)."""
    place = places(parts, form)
    columns = [place[first] * place[second] for first, second in RETURN_PAIRS.values()]
    return np.stack([np.ones(len(parts)), *columns], axis=1)


def _solved(design: Floats, taken: Floats, offset: Floats, ridge: Floats) -> Floats:
    """Solve the logistic regression by Newton's method, on its exact curvature."""
    at = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        chance = expit(offset + design @ at)
        slope = design.T @ (taken - chance) - ridge * at
        curvature = (design * (chance * (1 - chance))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.solve(curvature, slope)
        at += np.clip(step, -LARGEST_STEP, LARGEST_STEP)
        if np.abs(step).max() < CONVERGED:
            break
    return at

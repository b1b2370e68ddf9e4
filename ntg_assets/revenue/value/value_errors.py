"""How far `ltv` may be off as an estimate: by its sum, and by the probability that it hangs on."""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.statistics.glm import Z_95

TINY = 1e-12  # keeps the log odds of a saturated probability finite


def shape_error(shapes: pl.DataFrame) -> float:
    """Spread of ln(seen / ways) from cutoff to cutoff, by weight in the sum."""
    return float((shapes["level_weight"] * shapes["log_spread"]).sum())


def log_value_errors(rows: pl.DataFrame, share: Floats) -> tuple[Floats, Floats]:
    """Standard error of ln(ltv) from the interval of the score, downwards and upwards:
    d ln(1 - p (1 - share)) = -p (1 - p) (1 - share) / (1 - p (1 - share)) d logit; upwards at most
    to V, since nobody brings more than who surely stays.

    Args:
        rows: `churn_scores`.
        share: R / V.
    """
    low, chance, high = (
        rows[f"churn_probability{end}"].clip(TINY, 1 - TINY).to_numpy()
        for end in ("_low", "", "_high")
    )
    logit_error = (np.log(high / (1 - high)) - np.log(low / (1 - low))) / (2 * Z_95)
    kept = 1 - chance * (1 - share)
    error = chance * (1 - chance) * (1 - share) / kept * logit_error
    return error, np.minimum(error, -np.log(kept) / Z_95)

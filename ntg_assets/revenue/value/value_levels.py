"""How much money each way of foreseeing value tells of what comes, on the evidence of earlier cuts.

Each way is corrected by its own ratios,

    ln(seen / told) = a + b log2(periods) + noise,   a ~ N(0, 0.1^2),  b ~ N(0, 0.1^2)

a ridge regression over the cutoffs, so that a log that fades or grows carries its trend on by the
doubling. The spread of the noise is that of the cutoffs about the line and, of few, `USUAL_NOISE`;
a ratio beyond `MOST_OFF` counts as that: one cutoff at which a model had next to nothing to learn
from moves little. The sum of all is the geometric mean of the corrected sums, each way by
1 / error^2 of its corrected ratios, which of few cutoffs is `USUAL_ERRORS`. All spans end on the
same day: three of them count as one.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.ways.value_candidates import CANDIDATES

LEVEL_SD, TREND_SD = 0.1, 0.1  # of ln(seen / told), and of its change per doubling of the span
LEAST_NOISE = 0.1  # of ln(seen / told) from cutoff to cutoff
# of ln(seen / told) from cutoff to cutoff, where few have closed; counts as so many cutoffs
USUAL_NOISE, USUAL_COUNTS = 0.2, 2.0
MOST_OFF = 0.5  # of ln(seen / told): further off, the way was not yet the one of today
# of ln(seen / told) of a way that nothing has judged; on CDNOW, the Complete Journey and made
# purchases the models of visits told .88 to 1.05 of what came, the paces .64 to 1.15
USUAL_ERRORS = {"bg_nbd": 0.15, "pareto_nbd": 0.15, "present_pace": 0.3, "learned_pace": 0.3}
ELSE_ERROR = 0.25
OVERLAP = 3.0  # past cutoffs that count as one
FEWEST_FOR_A_MEDIAN = 3
MEDIAN_TO_SD = 1.4826  # of a normal law: from the median distance to the standard deviation
MOST_STEPS = 30  # of line and noise in turn; each step moves less than half as far as the last


def correction(longest: pl.DataFrame) -> tuple[float, float]:
    """Level and trend per doubling of ln(seen / told) of one way; nothing where nothing closed."""
    if longest.is_empty():
        return 0.0, 0.0
    design, ratio = _ratios(longest)
    prior = np.diag([LEVEL_SD**-2, TREND_SD**-2])
    solved = np.zeros(2)
    for _ in range(MOST_STEPS):
        scatter = USUAL_COUNTS * USUAL_NOISE**2 + float(((ratio - design @ solved) ** 2).sum())
        noise = max(np.sqrt(scatter / (USUAL_COUNTS + len(ratio) - 1)), LEAST_NOISE)
        weight = 1 / (OVERLAP * noise**2)
        solved = np.linalg.solve(prior + weight * design.T @ design, weight * design.T @ ratio)
    return float(solved[0]), float(solved[1])


def spread(longest: pl.DataFrame, level: float, trend: float) -> float:
    """Standard deviation of ln(seen / told) about the correction; that of the prior where fewer
    than two cutoffs have closed.
    """
    if longest.height < 2:  # noqa: PLR2004  # a spread needs two
        return float(np.hypot(LEVEL_SD, 2 * LEAST_NOISE))
    design, ratio = _ratios(longest)
    return float(max(np.sqrt(((ratio - design @ [level, trend]) ** 2).mean()), LEAST_NOISE / 2))


def _ratios(longest: pl.DataFrame, *, most_off: float = MOST_OFF) -> tuple[Floats, Floats]:
    """The regression of ln(seen / told): its design, shape (cutoffs, 2), and the ratios."""
    forecast = np.maximum(longest["told_value"].to_numpy(), np.finfo(np.float64).tiny)
    seen = np.maximum(longest["seen_value"].to_numpy(), np.finfo(np.float64).tiny)
    ratio = np.clip(np.log(seen) - np.log(forecast), -most_off, most_off)
    periods = longest["n_periods"].cast(pl.Float64).to_numpy()
    return np.column_stack([np.ones(len(ratio)), np.log2(periods)]), ratio


def level_weights(longest: pl.DataFrame, available: Sequence[str]) -> dict[str, float]:
    """How much each way says of the sum: 1 / error^2 of its corrected ratios.

    The error is the median one (of few cutoffs the mean of errors that `MOST_OFF` bounds): one bad
    cutoff does not decide, and a way that is far off at all of them, which no correction reaches,
    has next to no say.
    """
    raw = {}
    for name in available:
        mine = longest.filter(pl.col("candidate") == name)
        error, n_cutoffs = USUAL_ERRORS.get(name, ELSE_ERROR), mine.height / OVERLAP
        squares = n_cutoffs * _typical_square(mine)
        raw[name] = (USUAL_COUNTS + n_cutoffs) / (USUAL_COUNTS * error**2 + squares)
    whole = sum(raw.values())
    return {name: raw.get(name, 0.0) / whole if whole > 0 else 0.0 for name in CANDIDATES}


def _typical_square(longest: pl.DataFrame) -> float:
    """Square of the usual distance of ln(seen / told) from its correction."""
    if longest.is_empty():
        return 0.0
    design, ratio = _ratios(longest, most_off=np.inf)
    off = np.abs(ratio - design @ correction(longest))
    if len(off) < FEWEST_FOR_A_MEDIAN:
        return float((np.minimum(off, MOST_OFF) ** 2).mean())
    return float((MEDIAN_TO_SD * np.median(off)) ** 2)

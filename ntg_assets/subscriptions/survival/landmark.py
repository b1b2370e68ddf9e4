"""How an end many renewals ahead hangs on what is seen today: one line for all of them, held by a
prior.

What is seen of somebody today says less and less of later periods. So the log odds of an end in the
period j renewals ahead are a line in those of the present period, in ln(1 + j), in their product
(how fast today's score fades) and in ln(1 + tenure). A log of some months sees few ends, nobody
many renewals ahead, and everybody's tenure grows with the calendar, so that each of these slopes
can be anything there. Three things hold them:

- *A contract's period counts once*, from however many snapshots it was seen.
- *A stated prior*: slopes are normal around `PRIOR`, with `SPREAD`. Where hundreds of ends were
  seen it moves nothing.
- *Nothing is carried on beyond what was seen*: with more renewals ahead, or a longer tenure, than
  enough contracts had, the line is read where they end. A score fades, it never turns round.

On two made services of 700 users that were looked at for no choice of it, at six days from 3 to 12
months into their log, the log loss of being there after 6 renewals falls from .66 to .62 by this
(.69 is a coin's), after 12 from .88 to .71; the share that is there is off by .05 and .08 on
average, where it was off by .11 and .16. With a year of log either line does.

Source: van Houwelingen 2007, "Dynamic prediction by landmarking in event history analysis" (one
model over all landmarks); Gelman et al. 2008, "A weakly informative default prior distribution for
logistic and other regression models".
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.statistics.glm import sigmoid
from ntg_assets.statistics.likelihood import significant
from ntg_assets.statistics.one_thread import one_thread
from ntg_assets.subscriptions.hazard.pieces import cut

COEFFICIENTS = ("intercept", "score", "log_lag", "score_by_log_lag", "log_tenure")
# of the line with its lag counted from one renewal ahead and its tenure from the mean
PRIOR = np.array([0.0, 0.75, 0.0, -0.25, 0.0])
SPREAD = np.array([1e3, 0.5, 0.1, 0.05, 0.15])  # standard deviations; none for the intercept
MAX_LAG = 12
MIN_FAR_ENDS = 10  # contract periods that ended, of a billing period; below it the cohorts' law
MIN_FAR_PERIODS = 30  # contract periods of a tenure or more; the line is read there beyond them
LONG_DAYS = 20_000  # beyond any renewal that is looked at
MAX_STEPS, LARGEST_STEP, CONVERGED = 100, 3.0, 1e-10


@dataclass(frozen=True)
class Far:
    """Later periods of past snapshots that had closed by the cutoff, one entry per (row, lag).

    Attributes:
        row: Place of the snapshot.
        lag: Renewals ahead.
        number: Billing period: 0 the first that is paid.
        ended: 1 where the contract ended in it.
        contract_period: A number for each (contract, billing period): the same end is seen from
            several snapshots.
    """

    row: Longs
    lag: Longs
    number: Longs
    ended: Floats
    contract_period: Longs

    def n_ends(self, chosen: np.ndarray) -> int:
        """Contract periods among the chosen entries in which the contract ended."""
        return len(np.unique(self.contract_period[chosen & (self.ended > 0)]))

    def n_periods(self, chosen: np.ndarray) -> int:
        """Contract periods among the chosen entries."""
        return len(np.unique(self.contract_period[chosen]))


class Landmark(NamedTuple):
    """The line, and where it ends.

    Attributes:
        coefficients: `COEFFICIENTS`.
        longest_lag: Most renewals ahead at which enough ends were seen.
        longest_tenure: Largest billing period of which enough were seen.
    """

    coefficients: Floats
    longest_lag: int
    longest_tenure: int


def far_periods(past: pl.DataFrame, *, cutoff: int) -> Far:
    """Collect the whole later periods that had closed.

    Args:
        past: `contract_snapshots` before the cutoff.
        cutoff: Day (since 1970) before which everything is known.
    """
    if past.is_empty():
        none = np.empty(0, dtype=np.int64)
        return Far(none, none, none, np.empty(0), none)
    pieces = cut(past, horizon_days=LONG_DAYS, max_lag=MAX_LAG)
    kept = (pieces.lag > 0) & (pieces.stop < cutoff) & (pieces.outcome >= 0)
    row, number = pieces.row[kept], np.maximum(pieces.number[kept], 0)
    place = past["contract_place"].to_numpy()[row]
    codes = np.unique(np.column_stack([place, number]), axis=0, return_inverse=True)[1]
    ended = (pieces.outcome[kept] > 0).astype(np.float64)
    return Far(row, pieces.lag[kept], number, ended, codes.ravel())


def fit_landmark(far: Far, centred: Floats) -> Landmark | None:
    """Fit the line; None where too few contracts ended in a later period.

    Args:
        far: Later periods.
        centred: Today's log odds less their mean, by snapshot.
    """
    if far.n_ends(far.ended > 0) < MIN_FAR_ENDS:
        return None
    counts = np.bincount(far.contract_period)
    weights = 1.0 / counts[far.contract_period]
    score, log_lag, tenure = centred[far.row], np.log1p(far.lag), np.log1p(far.number)
    nearest, mean_tenure = np.log1p(1.0), float(weights @ tenure / weights.sum())
    ahead = log_lag - nearest
    design = np.column_stack(
        [np.ones(len(score)), score, ahead, score * ahead, tenure - mean_tenure]
    )
    with one_thread():  # the order of sums in a threaded product is not fixed
        line = most_probable(design, far.ended, weights)
    intercept, slope, by_lag, fading, by_tenure = line
    raw = [
        intercept - by_lag * nearest - by_tenure * mean_tenure,
        slope - fading * nearest,
        by_lag,
        fading,
        by_tenure,
    ]
    return Landmark(significant(np.array(raw)), _longest_lag(far), _longest_tenure(far))


def _longest_lag(far: Far) -> int:
    lags = range(1, MAX_LAG + 1)
    return max((lag for lag in lags if far.n_ends(far.lag == lag) >= MIN_FAR_ENDS), default=1)


def _longest_tenure(far: Far) -> int:
    first = np.unique(far.contract_period, return_index=True)[1]
    numbers = np.sort(far.number[first])[::-1]
    return int(numbers[min(MIN_FAR_PERIODS, len(numbers)) - 1])


def most_probable(design: Floats, ended: Floats, weights: Floats) -> Floats:
    """Logistic regression with normal priors on the coefficients, by Newton's method.

    Args:
        design: Shape (n, k) for the k of `PRIOR`, with the column of ones.
        ended: Outcome, 0 or 1, shape (n,).
        weights: What each row counts, shape (n,).

    Returns:
        The coefficients at which prior x likelihood is largest.
    """
    precision = SPREAD**-2.0
    line = PRIOR.copy()
    line[0] = np.log((weights @ ended + 0.5) / (weights @ (1 - ended) + 0.5))
    for _ in range(MAX_STEPS):
        expected = sigmoid(design @ line)
        slopes = design.T @ (weights * (ended - expected)) - precision * (line - PRIOR)
        curvature = (design.T * (weights * expected * (1 - expected))) @ design
        step = np.linalg.solve(curvature + np.diag(precision), slopes)
        if np.abs(step).max() < CONVERGED:
            break
        line = line + step * min(1.0, LARGEST_STEP / np.abs(step).max())
    return line

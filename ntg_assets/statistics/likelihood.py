"""Fits whose result does not hang on the processor: solved to the end, and rounded before use.

Processors of other types add in another order, so every sum differs in its last bits. A search that
stops where its loss hardly falls any more stops elsewhere then: models of visits whose slopes were
differences of the loss differed by 1e-4 in what they told. So slopes are exact, Newton steps on
them end the search, and of what is found ten digits are kept: most fits are the same to the bit
then, and one whose last digit lies on the edge moves by less than 1e-9.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.optimize import fmin_l_bfgs_b

from ntg_assets.arrays import Floats
from ntg_assets.statistics.one_thread import one_thread

Objective = Callable[[Floats], tuple[float, Floats]]
DIGITS = 10  # significant, of a fitted parameter
# curvature added about the start: where the data are flat in a direction (nobody leaves: only the
# ratio of two parameters tells) there is one smallest loss still; on CDNOW it moves none by 1e-4
PULL = 1e-7
MAX_SEARCH_STEPS = 200
LEAST_FALL = 500.0  # of the loss, in units of its last bit: the search ends, Newton goes on
LEAST_SLOPE = 1e-8
MAX_NEWTON_STEPS = 20
CONVERGED = 1e-9  # largest step; Newton's next would be its square
LARGEST_STEP = 1.0
SHIFT = 1e-4  # of a parameter, to take differences of exact slopes over
FLAT = 1e-12  # curvature, of the largest: below, a direction says nothing
ROUNDING = 1e-10  # a loss that rises by no more does not rise


def significant(values: npt.ArrayLike) -> Floats:
    """Round to `DIGITS` significant digits, each number by itself."""
    numbers = np.asarray(values, dtype=np.float64)
    rounded = [float(f"{number:.{DIGITS}g}") for number in numbers.ravel().tolist()]
    return np.array(rounded, dtype=np.float64).reshape(numbers.shape)


def rising(base: float, most: int) -> tuple[Floats, Floats]:
    """Logarithm of base (base + 1) ... (base + n - 1) for n = 0 to `most`, and its derivative by
    base: what differences of log gammas are, which for a large base are rounding.
    """
    factors = base + np.arange(most)
    logs, slopes = np.zeros((2, most + 1))
    np.cumsum(np.log(factors), out=logs[1:])
    np.cumsum(1 / factors, out=slopes[1:])
    return logs, slopes


def minimise(
    objective: Objective, start: Floats, *, bounds: tuple[Floats | float, Floats | float]
) -> Floats:
    """Find where a smooth function is smallest inside a box.

    Args:
        objective: Gives the loss and its exact slopes at parameters; shape (p,) both ways.
        start: Where the search begins, shape (p,).
        bounds: Least and largest value of the parameters, of each or of all.

    Returns:
        The parameters, solved until a Newton step is below `CONVERGED`.

    Source: Byrd, Lu, Nocedal and Zhu 1995 (L-BFGS-B), then Newton's method on the parameters that
        no bound holds.
    """
    pulled = _pulled(objective, start)
    low, high = (np.broadcast_to(bound, start.shape) for bound in bounds)
    with (
        one_thread()
    ):  # of a handful of parameters: a second thread would only wait, and costs half
        at, _, _ = fmin_l_bfgs_b(
            pulled,
            start,
            bounds=list(zip(low, high, strict=True)),
            factr=LEAST_FALL,
            pgtol=LEAST_SLOPE,
            maxiter=MAX_SEARCH_STEPS,
        )
        return _newton(pulled, at, (low, high))


def _newton(objective: Objective, at: Floats, bounds: tuple[Floats, Floats]) -> Floats:
    """Step until a step moves nothing, or does not fall."""
    for _ in range(MAX_NEWTON_STEPS):
        loss, slope = objective(at)
        step = _newton_step(objective, at, slope, bounds)
        moved = np.clip(at + step, *bounds)
        risen = objective(moved)[0] - loss
        if not risen <= ROUNDING * max(1.0, abs(loss)):  # not a number neither
            return at
        at = moved
        if np.abs(step).max() < CONVERGED:
            return at
    return at


def _pulled(objective: Objective, start: Floats) -> Objective:
    def pulled(at: Floats) -> tuple[float, Floats]:
        loss, slope = objective(at)
        return loss + PULL / 2 * float(((at - start) ** 2).sum()), slope + PULL * (at - start)

    return pulled


def _newton_step(
    objective: Objective, at: Floats, slope: Floats, bounds: tuple[Floats, Floats]
) -> Floats:
    """Solve for the step of the parameters that no bound holds."""
    is_held = ((at <= bounds[0]) & (slope > 0)) | ((at >= bounds[1]) & (slope < 0))
    free = np.flatnonzero(~is_held)
    step = np.zeros(len(at))
    if not len(free):
        return step
    curvature = _curvature(objective, at, free)
    if not np.isfinite(curvature).all():
        return step
    values, vectors = np.linalg.eigh((curvature + curvature.T) / 2)
    least = FLAT * max(float(np.abs(values).max()), np.finfo(np.float64).tiny)
    solved = vectors @ ((vectors.T @ slope[free]) / np.maximum(np.abs(values), least))
    step[free] = np.clip(-solved, -LARGEST_STEP, LARGEST_STEP)
    return step


def _curvature(objective: Objective, at: Floats, free: npt.NDArray[np.intp]) -> Floats:
    """Measure how the slopes of the free parameters change with each of them, from both sides."""
    shifts = SHIFT * np.eye(len(at))[free]
    changes = [(objective(at + shift)[1] - objective(at - shift)[1])[free] for shift in shifts]
    return np.array(changes) / (2 * SHIFT)

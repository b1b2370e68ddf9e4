"""What a named test says, and groups of values as it takes them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ntg_assets.errors import NotEnoughDataError

Values = npt.ArrayLike


class Tested(NamedTuple):
    """What a test says.

    Attributes:
        statistic: In the convention of the source that the function names.
        p: Of the alternative that was asked for.
        df: Degrees of freedom, where the statistic has any.
        estimate: Effect that goes with it (odds ratio, share of pairs), where there is one.
    """

    statistic: float
    p: float
    df: float | None = None
    estimate: float | None = None


def groups_of(groups: Sequence[Values]) -> list[npt.NDArray[np.float64]]:
    """Read the groups.

    Raises:
        NotEnoughDataError: fewer than two, or one without values.
    """
    arrays = [np.asarray(values, dtype=float) for values in groups]
    if len(arrays) < 2 or not all(len(values) for values in arrays):  # noqa: PLR2004  # a comparison
        raise NotEnoughDataError(f"{len(arrays)} groups with values; a comparison needs two.")
    return arrays

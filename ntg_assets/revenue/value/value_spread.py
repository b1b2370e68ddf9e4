"""How far apart a way's forecasts should lie: what earlier cuts say of its spread.

Who is forecast much brings less than that, and who is forecast next to nothing brings more. A way's
forecasts keep their order and their sum; over n users of mean forecast m

    share of each = (1 - floor) (told / m)^power / sum + floor / n

is the calibration slope of Cox, with a floor that everybody has (a return that nobody saw coming).
Both numbers have the largest likelihood of the money seen in twentieths of the forecast, over the
cutoffs, on a grid. n cutoffs move the floor n / (n + 2) of the way from "as told", and the power,
which hangs on who happened to spend most, n / (n + 6): all spans end on the same day, so three
count as one. (Both at n / (n + 2): deciles off by .197 on average on 30 cuts of made and real logs,
both at n / (n + 6) .189, so .189 with most deciles within .7 to 1.4; on 30 other cuts .207, .200
and .199.)

Source: Cox 1958, "Two further applications of a model for binary regression" (calibration slope).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ntg_assets.arrays import Floats
from ntg_assets.revenue.value.value_levels import OVERLAP

POWERS = np.linspace(0.5, 1.3, 17)
FLOORS = np.concatenate([[0.0], np.geomspace(0.002, 0.5, 15)])
HALF_SURE = 2.0  # cutoffs that move the floor half of the way
HALF_SURE_OF_POWER = HALF_SURE * OVERLAP
SMALLEST = 1e-12  # of a share


class Spread(NamedTuple):
    """Power and floor; 1 and 0: as told."""

    power: float = 1.0
    floor: float = 0.0

    def of(self, forecast: Floats) -> Floats:
        """Spread forecasts so; their order and their sum stay."""
        mean = float(forecast.mean()) if len(forecast) else 0.0
        if mean <= 0 or self == Spread():
            return forecast
        powered = (forecast / mean) ** self.power
        return mean * ((1 - self.floor) * powered / powered.mean() + self.floor)


def fit_spread(told_shares: Sequence[Floats], seen_shares: Sequence[Floats]) -> Spread:
    """Learn the spread of one way.

    Args:
        told_shares: By cutoff: share of all that was told in bins of equal size by the forecast.
        seen_shares: The same of what was seen.
    """
    likelihood = np.zeros((len(POWERS), len(FLOORS)))
    for forecast, seen in zip(told_shares, seen_shares, strict=True):
        relative = np.maximum(forecast * len(forecast), SMALLEST)
        powered = relative ** POWERS[:, None]
        powered /= powered.sum(axis=1, keepdims=True)
        shares = (1 - FLOORS[:, None]) * powered[:, None, :] + FLOORS[:, None] / len(forecast)
        likelihood += (seen * np.log(np.maximum(shares, SMALLEST))).sum(axis=2)
    if not len(told_shares):
        return Spread()
    power, floor = np.unravel_index(int(likelihood.argmax()), likelihood.shape)
    of_floor, of_power = (
        len(told_shares) / (len(told_shares) + half) for half in (HALF_SURE, HALF_SURE_OF_POWER)
    )
    return Spread(1 + of_power * float(POWERS[power] - 1), of_floor * float(FLOORS[floor]))

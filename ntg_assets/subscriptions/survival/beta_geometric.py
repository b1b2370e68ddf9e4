"""The shifted beta-geometric law of how many periods contracts last.

Source: Fader and Hardie 2007, "How to project customer retention".
"""

import numpy as np

from ntg_assets.arrays import Floats, Longs
from ntg_assets.statistics.likelihood import minimise, rising, significant

LOG_BOUNDS = (-7.0, 9.0)  # of both parameters


def fit_beta_geometric(periods: Longs, ended: Floats) -> tuple[float, float]:
    """Fit the shifted beta-geometric law by maximum likelihood.

    Args:
        periods: Whole periods that each contract lasted (ended: the last one included).
        ended: 1 where it ended after them, 0 where it runs.

    Returns:
        alpha and beta: the chance of an end after t periods is alpha / (alpha + beta + t - 1).
    """
    if not ended.sum():
        n = float(periods.sum())
        return 0.5, n + 0.5  # Jeffreys: none in n
    cells, counts = np.unique(np.column_stack([periods, ended]), axis=0, return_counts=True)

    ends, share = (cells[:, 1] > 0).astype(np.int64), counts / counts.sum()
    whole = cells[:, 0].astype(np.int64)
    passed, most = whole - ends, int(whole.max(initial=0))

    def loss(log_parameters: Floats) -> tuple[float, Floats]:
        alpha, beta = np.exp(log_parameters)
        stays, per_stay = rising(beta, most)
        all_periods, per_period = rising(alpha + beta, most)
        likelihood = ends * np.log(alpha) + stays[passed] - all_periods[whole]
        slopes = (
            ends - alpha * per_period[whole],
            beta * (per_stay[passed] - per_period[whole]),
        )
        return -float((share * likelihood).sum()), -(share * slopes).sum(axis=1)

    alpha, beta = significant(np.exp(minimise(loss, np.zeros(2), bounds=LOG_BOUNDS)))
    return float(alpha), float(beta)

"""Amounts on a grid so fine that nobody sees it and so even that sums of them are exact.

Floating numbers add up to the last bit where all of them, and all their sums, are whole multiples
of one power of two with at most 53 binary digits between. The step is the finest for which that
holds of the total.
"""

import numpy as np

from ntg_assets.arrays import Floats

DIGITS = 52  # of a double
NOTHING = 1e-100  # a total below it is rounding error of no money at all
TRIES = 60  # each leaves about half of the products without a factor
GROWTH = 1.3  # of the steps taken down from try to try: equal ones may miss again and again


def grid_step(total: float) -> float:
    """Finest power of two of which every amount up to `total` may be a multiple."""
    return float(2.0 ** (np.ceil(np.log2(total)) - DIGITS)) if total > NOTHING else 1.0


def on_grid(amounts: Floats, step: float) -> Floats:
    """Round amounts to whole steps."""
    return np.rint(amounts / step) * step


def product_on_grid(share: Floats, amounts: Floats, step: float) -> tuple[Floats, Floats]:
    """Move amounts by less than a few steps / `share` so that `share` of each, as a floating
    product, is a whole number of steps.

    Args:
        share: Between 0 and 1.
        amounts: Not below 0.
        step: Of the grid.

    Returns:
        The moved amounts, never above the given ones by more than their last bit, and the products:
        `share * moved == product`, to the last bit.
    """
    product = np.floor(share * amounts / step) * step
    moved = np.where(share > 0, 0.0, amounts)
    is_open = share > 0
    for attempt in range(TRIES):
        if not is_open.any():
            break
        wanted, part = product[is_open], share[is_open]
        near = wanted / part
        found = np.full(len(near), np.nan)
        for guess in (np.nextafter(near, np.inf), np.nextafter(near, 0.0), near):
            found = np.where(part * guess == wanted, guess, found)
        lower = np.maximum(wanted - step * np.floor(GROWTH**attempt), 0.0)
        moved[is_open] = np.where(np.isnan(found), 0.0, found)
        product[is_open] = np.where(np.isnan(found), lower, wanted)
        is_open[is_open] = np.isnan(found)
    product[is_open] = 0.0
    return moved, product

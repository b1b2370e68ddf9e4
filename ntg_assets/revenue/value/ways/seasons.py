"""The time of the year in the pace of visits: one wave, learned where the log has seen most of it
more than once.

    expected active days of a week = sum over tenures of (user-days x rate of the tenure) x s
    ln s(day) = a cos(2 pi day / year) + b sin(2 pi day / year)

The rates by tenure take what fades and grows with each user; a and b are a Poisson regression with
a ridge (N(0, 0.3^2)), its variance widened by what the weeks scatter. Days are counted, not
amounts: a price that jumps is no season. A log of under `LEAST_YEARS` has no season that could be
told from its course: s = 1, and what the year does to such a log cannot be known from it; the
intervals of what is told are wider by what a and b may be (`unlearned_error`).
"""

from dataclasses import dataclass

import numpy as np

from ntg_assets.arrays import Floats, Longs
from ntg_assets.revenue.value.ways.day_log import DayLog

YEAR_DAYS, WEEK_DAYS = 365.25, 7
LEAST_YEARS = 1.2  # of the log: a wave of which less came twice is the log's course
SEASON_UNKNOWN = (
    "the log is shorter than a year and a fifth, so what the time of the year does to it cannot be"
    " known from it; intervals are wider for that"
)
PRIOR_SD = 0.3  # of a and b
# weeks that count as one: what makes one week busy makes the next one busy
CLUSTERED_WEEKS = 4.0
TENURES = (8, 29, 92, 183, 366, 731)  # days since the first one, where the classes end
STEPS = 20  # of the regression; it has settled after about five


@dataclass(frozen=True)
class Season:
    """One wave a year, seen from a cutoff.

    Attributes:
        cosine: a.
        sine: b.
    """

    cosine: float = 0.0
    sine: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether no season was learned."""
        return self.cosine == 0 and self.sine == 0

    def at(self, days: Longs) -> Floats:
        """Factor on the pace of visits at noon of the days so many after the cutoff."""
        angle = 2 * np.pi * (days + 0.5) / YEAR_DAYS
        return np.exp(self.cosine * np.cos(angle) + self.sine * np.sin(angle))

    def mean(self, first: int, end: int) -> float:
        """Mean factor over the days `[first, end)` after the cutoff."""
        return float(self.at(np.arange(first, end)).mean())


def fit_season(log: DayLog, *, log_days: int) -> Season:
    """Learn the season from the days before the cutoff.

    Args:
        log: Active days of the users, seen from the cutoff.
        log_days: Days from the first day of the log to the cutoff.
    """
    n_weeks = log_days // WEEK_DAYS
    if not is_learnable(log_days) or not log.is_past.any():
        return Season()
    seen, exposed = _weeks(log, n_weeks)
    days_before = -(np.arange(n_weeks) + 0.5) * WEEK_DAYS
    angle = 2 * np.pi * days_before / YEAR_DAYS
    waves = np.column_stack([np.cos(angle), np.sin(angle)])
    wave, prior = np.zeros(2), np.eye(2) / PRIOR_SD**2
    for _ in range(STEPS):
        factor = np.exp((waves * wave).sum(axis=1))
        rates = seen.sum(axis=0) / np.maximum((exposed * factor[:, None]).sum(axis=0), 1.0)
        expected = (exposed * rates).sum(axis=1) * factor
        gap = seen.sum(axis=1) - expected
        scatter = float((gap**2 / np.maximum(expected, 1.0)).sum()) / max(n_weeks - 4, 1)
        sure = 1 / (max(scatter, 1.0) * CLUSTERED_WEEKS)
        slope = (waves * (sure * gap)[:, None]).sum(axis=0) - prior @ wave
        curve = (waves[:, :, None] * waves[:, None, :] * (sure * expected)[:, None, None]).sum(
            axis=0
        )
        wave = np.clip(wave + np.linalg.solve(curve + prior, slope), -1.0, 1.0)
    return Season(float(wave[0]), float(wave[1]))


def is_learnable(log_days: int) -> bool:
    """Whether a log of so many days can tell a season from its course."""
    return log_days >= LEAST_YEARS * YEAR_DAYS


def unlearned_error(*, n_days: int, looked_back_days: int) -> float:
    """Standard deviation of ln(pace in the days ahead / pace in those looked back at) where a and b
    are not known.
    """
    ahead, back = np.arange(n_days) + 0.5, -(np.arange(looked_back_days) + 0.5)
    means = [np.exp(2j * np.pi * days / YEAR_DAYS).mean() for days in (ahead, back)]
    return PRIOR_SD * float(abs(means[0] - means[1]))


def _weeks(log: DayLog, n_weeks: int) -> tuple[Floats, Floats]:
    """Active days after the first one, and user-days, by week before the cutoff and tenure."""
    first = np.zeros(log.n_users, dtype=np.int64)
    np.maximum.at(first, log.user, log.age_days)
    tenure = first[log.user] - log.age_days
    week = (log.age_days - 1) // WEEK_DAYS
    chosen = log.is_past & (tenure > 0) & (week < n_weeks)
    n_classes = len(TENURES) + 1
    place = week[chosen] * n_classes + np.searchsorted(TENURES, tenure[chosen], side="right")
    seen = np.bincount(place, minlength=n_weeks * n_classes).reshape(n_weeks, n_classes)
    # users who came fewer than so many days before the cutoff, and so by tenure in mid-week
    came = np.concatenate([[0], np.cumsum(np.bincount(first, minlength=1))])
    middle = np.arange(n_weeks) * WEEK_DAYS + (WEEK_DAYS + 1) // 2
    edges = middle[:, None] + np.array([1, *TENURES, len(came)])
    exposed = WEEK_DAYS * np.diff(came[np.minimum(edges, len(came) - 1)], axis=1)
    return seen.astype(np.float64), exposed.astype(np.float64)

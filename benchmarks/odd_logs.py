"""Logs of shapes that real services have and the other made worlds do not, as `user_days`:
what is told of them must be right, or warned of.

    python -m benchmarks.churn --only odd

Nothing of NTG is fitted to them. `seed` makes another draw of the same shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from benchmarks import odd_exports, odd_habits
from benchmarks.odd_exports import Visits, shoppers
from benchmarks.value_worlds import as_user_days
from ntg_assets.randomness import random_stream

SEED = 20260101
FIRST_DAY = date(2022, 1, 1)
WEEK = 7
PAUSES = 0.05  # chance of a pause after a box
LOYAL = 0.2  # share of users
MISSING = (300, 360)  # days of the log that were never loaded
PRICES_RISE = 375  # day of the log
PAID = 0.1  # share of the days of a payer


@dataclass(frozen=True)
class OddLog:
    """One shape.

    Attributes:
        visits: Makes the visits of a log from a random stream.
        n_days: Length of the log.
        horizon_days: Churn horizon that somebody who knows the service would state.
        ahead: (days of the log before the cutoff, days ahead), by cut.
        counts_amounts: Whether value is money.
    """

    visits: Callable[[np.random.Generator], Visits]
    n_days: int
    horizon_days: int
    ahead: tuple[tuple[int, int], ...]
    counts_amounts: bool = True

    @property
    def cuts(self) -> tuple[tuple[date, int], ...]:
        """(cutoff, days ahead)."""
        return tuple((FIRST_DAY + timedelta(days=day), ahead) for day, ahead in self.ahead)


def odd_days(name: str, *, seed: int = SEED) -> pl.DataFrame:
    """`user_days` of one shape."""
    log = ODD_LOGS[name]
    parts = log.visits(random_stream(seed, f"odd log {name}"))
    sizes = [len(days) for _, days, _ in parts]
    frame = pl.DataFrame(
        {
            "user_id": np.repeat([user for user, _, _ in parts], sizes),
            "day": np.floor(np.concatenate([days for _, days, _ in parts])),
            "value": np.concatenate([amounts for _, _, amounts in parts]),
        }
    ).filter(pl.col("day").is_between(0, log.n_days, closed="left"))
    return as_user_days(
        frame.select(
            pl.col("user_id").cast(pl.Int64),
            active_on=pl.lit(FIRST_DAY) + pl.duration(days=pl.col("day").cast(pl.Int64)),
            value="value",
        )
    )


def annual_buyers(rng: np.random.Generator) -> Visits:
    """Once a year, within some weeks (a renewed insurance, a birthday); a sixth leave each year."""
    made: Visits = []
    for user in range(3_000):
        n_times = 1 + min(int(rng.geometric(1 / 6)), 8)
        days = rng.uniform(0, 1_400) + np.cumsum(np.r_[0.0, rng.normal(365, 20, n_times - 1)])
        made.append((user, days, rng.lognormal(4.0 + rng.normal(0, 0.4), 0.2, n_times)))
    return made


def weekly_boxes(rng: np.random.Generator) -> Visits:
    """A box each week at a fixed price, pauses of three to ten weeks, 2% leave each week."""
    made: Visits = []
    for user in range(2_000):
        joined, price = int(rng.integers(0, 600)), float(rng.choice([24.0, 39.0, 59.0]))
        days, day, n_weeks = [], joined, int(rng.geometric(0.02))
        for _ in range(n_weeks):
            days.append(day)
            day += WEEK * (1 + (int(rng.integers(3, 11)) if rng.random() < PAUSES else 0))
        made.append((user, np.array(days, dtype=float), np.full(len(days), price)))
    return made


def two_populations(rng: np.random.Generator) -> Visits:
    """Four in five try once or twice at small amounts; one in five comes every ten days for long
    and spends four times as much.
    """
    made: Visits = []
    for user in range(4_000):
        joined, is_loyal = rng.uniform(0, 650), rng.random() < LOYAL
        pace, life = (10.0, rng.exponential(500)) if is_loyal else (40.0, rng.exponential(25))
        days = joined + np.r_[0.0, np.cumsum(rng.exponential(pace, 120))]
        days = days[days <= joined + life]
        made.append((user, days, rng.lognormal(3.9 if is_loyal else 2.5, 0.5, len(days))))
    return made


def one_whale(rng: np.random.Generator) -> Visits:
    """Purchases of two thousand customers, and one reseller who brings two fifths of all."""
    made = shoppers(rng, n_users=2_000, n_days=700)
    total = sum(float(amounts.sum()) for _, _, amounts in made)
    days = np.arange(5.0, 700.0, 7.0)
    amounts = rng.lognormal(0, 0.3, len(days))
    return [*made, (2_000, days, amounts / amounts.sum() * total * 2 / 3)]


def many_refunds(rng: np.random.Generator) -> Visits:
    """Fashion: three in ten orders are sent back within two weeks, by some nearly all of them."""
    made: Visits = []
    for user, days, amounts in shoppers(rng, n_users=3_000, n_days=700):
        is_back = rng.random(len(days)) < rng.beta(0.9, 2.1)
        back = days[is_back] + rng.integers(2, 15, int(is_back.sum()))
        made.append((user, np.r_[days, back], np.r_[amounts, -amounts[is_back]]))
    return made


def five_weeks(rng: np.random.Generator) -> Visits:
    """A service that opened 35 days before the cutoff: purchases every few days."""
    made: Visits = []
    for user in range(1_500):
        joined, life = rng.uniform(0, 60), rng.exponential(40)
        days = joined + np.r_[0.0, np.cumsum(rng.exponential(rng.gamma(2.0, 3.0), 200))]
        days = days[days <= joined + life]
        made.append((user, days, rng.lognormal(2.5 + rng.normal(0, 0.4), 0.5, len(days))))
    return made


def two_months_missing(rng: np.random.Generator) -> Visits:
    """Purchases of which two months were never loaded: 60 days without a row of anybody."""
    made = shoppers(rng, n_users=3_000, n_days=700)
    first, end = MISSING
    return [(u, d[keep], a[keep]) for u, d, a in made for keep in [(d < first) | (d >= end)]]


def price_doubles(rng: np.random.Generator) -> Visits:
    """Purchases whose prices double 45 days before the first cutoff; nobody leaves for it."""
    made = shoppers(rng, n_users=3_000, n_days=800)
    return [(u, d, np.where(d >= PRICES_RISE, 2.0, 1.0) * a) for u, d, a in made]


def few_payers(rng: np.random.Generator) -> Visits:
    """A daily app: nearly all days bring nothing, one user in thirty pays now and then."""
    made: Visits = []
    for user in range(3_000):
        joined, pays = int(rng.integers(0, 300)), rng.random() < 1 / 30
        stays = int(np.ceil(rng.weibull(0.6) * (120 if pays else 40)))
        days = joined + np.r_[0, np.flatnonzero(rng.random(stays) < rng.beta(2, 2))]
        days = np.unique(days).astype(float)
        paid = (rng.random(len(days)) < PAID) * rng.lognormal(2.3, 0.8, len(days))
        made.append((user, days, paid if pays else np.zeros(len(days))))
    return made


def one_cohort(rng: np.random.Generator) -> Visits:
    """All joined on one day (a launch) and leave ever more slowly; nobody joins later."""
    made: Visits = []
    for user in range(3_000):
        life = rng.weibull(0.5) * 150
        days = np.r_[0.0, np.cumsum(rng.gamma(1.5, rng.gamma(1.5, 9) / 1.5 + 0.7, 500))]
        days = days[days <= life]
        made.append((user, days, rng.lognormal(3.0 + rng.normal(0, 0.5), 0.5, len(days))))
    return made


ODD_LOGS: dict[str, OddLog] = {
    "annual_buyers": OddLog(annual_buyers, 1_800, 90, ((1_100, 365), (1_300, 365))),
    "weekly_boxes": OddLog(weekly_boxes, 700, 28, ((350, 180), (480, 180))),
    "two_populations": OddLog(two_populations, 800, 45, ((400, 180), (560, 180))),
    "one_whale": OddLog(one_whale, 700, 60, ((350, 180), (500, 180))),
    "many_refunds": OddLog(many_refunds, 700, 60, ((350, 180), (500, 180))),
    "five_weeks": OddLog(five_weeks, 160, 7, ((35, 60), (35, 120))),
    "two_months_missing": OddLog(two_months_missing, 700, 60, ((370, 180), (450, 180))),
    "price_doubles": OddLog(price_doubles, 800, 60, ((420, 180), (560, 180))),
    "few_payers": OddLog(few_payers, 400, 14, ((180, 90), (280, 90))),
    "one_cohort": OddLog(one_cohort, 500, 45, ((180, 120), (300, 120))),
    "closed_in_august": OddLog(odd_exports.closed_in_august, 1_000, 60, ((590, 120), (640, 180))),
    "gift_cards": OddLog(odd_exports.gift_cards, 700, 60, ((350, 180), (500, 180))),
    "two_currencies": OddLog(odd_exports.two_currencies, 700, 60, ((350, 180), (500, 180))),
    "free_first_month": OddLog(odd_exports.free_first_month, 400, 14, ((200, 90), (280, 90))),
    "merged_accounts": OddLog(odd_exports.merged_accounts, 700, 60, ((400, 180), (480, 180))),
    "last_day_twice": OddLog(odd_exports.last_day_twice, 700, 60, ((400, 180),)),
    "guest_account": OddLog(odd_exports.guest_account, 700, 60, ((350, 180), (500, 180))),
    "cents_from_a_day": OddLog(odd_exports.cents_from_a_day, 700, 60, ((390, 180), (480, 180))),
    "december_peak": OddLog(odd_habits.december_peak, 1_400, 60, ((690, 180), (1_030, 180))),
    "december_gifts": OddLog(odd_habits.december_gifts, 1_095, 60, ((375, 180), (700, 180))),
    "heavy_amounts": OddLog(odd_habits.heavy_amounts, 700, 60, ((350, 180), (500, 180))),
    "weekly_and_yearly": OddLog(odd_habits.weekly_and_yearly, 1_200, 60, ((500, 365), (800, 365))),
    "long_holidays": OddLog(
        odd_habits.long_holidays,
        950,
        21,
        ((420, 120), (590, 120), (700, 180)),
        counts_amounts=False,
    ),
    "regions": OddLog(odd_habits.regions, 850, 45, ((330, 180), (560, 180))),
    "back_after_200_days": OddLog(
        odd_habits.back_after_200_days, 1_300, 30, ((500, 365), (800, 365)), counts_amounts=False
    ),
    "paydays": OddLog(odd_habits.paydays, 1_000, 45, ((410, 180), (590, 180))),
    "prices_creep": OddLog(odd_habits.prices_creep, 800, 60, ((350, 180), (560, 180))),
    "campaign": OddLog(odd_habits.campaign, 700, 45, ((401, 180), (480, 180))),
    "mailing": OddLog(odd_habits.mailing, 700, 60, ((400, 180), (480, 180))),
    "renamed_ids": OddLog(odd_habits.renamed_ids, 700, 60, ((400, 180), (480, 180))),
}

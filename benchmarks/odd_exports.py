"""Eight more logs that real services have, most of them odd by how they were exported.

    python -m benchmarks.churn --only odd

Nothing of NTG is fitted to them. `odd_logs` says how they are judged.
"""

import numpy as np

from ntg_assets.arrays import Floats

Visits = list[tuple[int, Floats, Floats]]  # user, days since the first one, amounts

YEAR = 365
CLOSED = (212, 243)  # days of each year: August
MERGED_ON, MERGED = 380, 0.15  # day of the log, share of the users
LAST_DAY = 399  # of the log before the first cut
GUESTS = 0.15  # share of the orders
CENTS_FROM = 330  # day of the log
YEN, YEN_PER_EURO = 0.3, 150.0
GIFTS = 0.3  # share of the users who come by a gift card
FREE_DAYS, FEE, TRIES = 30, 12.0, 0.5


def shoppers(rng: np.random.Generator, *, n_users: int, n_days: int) -> Visits:
    """Purchases at a pace of one's own, for a life that ends at a constant rate."""
    made: Visits = []
    for user in range(n_users):
        joined, life = rng.uniform(0, n_days - 20), rng.exponential(220)
        days = joined + np.r_[0.0, np.cumsum(rng.exponential(rng.gamma(2.0, 10.0) + 1, 100))]
        days = days[days <= joined + life]
        made.append((user, days, rng.lognormal(3.2 + rng.normal(0, 0.5), 0.5, len(days))))
    return made


def closed_in_august(rng: np.random.Generator) -> Visits:
    """A shop that closes for a month each year: purchases of those days are made later or never."""
    made = shoppers(rng, n_users=2_000, n_days=1_000)
    open_ = [(days % YEAR < CLOSED[0]) | (days % YEAR >= CLOSED[1]) for _, days, _ in made]
    return [(u, d[keep], m[keep]) for (u, d, m), keep in zip(made, open_, strict=True)]


def gift_cards(rng: np.random.Generator) -> Visits:
    """Three in ten pay once for a card, and redeem it in visits that bring nothing."""
    made: Visits = []
    for user, days, money in shoppers(rng, n_users=2_000, n_days=700):
        is_gift = rng.random() < GIFTS
        paid = np.r_[money.sum(), np.zeros(len(money) - 1)] if is_gift else money
        made.append((user, days, paid))
    return made


def two_currencies(rng: np.random.Generator) -> Visits:
    """Euros and yen in one column, and nothing says so."""
    made = shoppers(rng, n_users=2_000, n_days=700)
    factors = np.where(rng.random(len(made)) < YEN, YEN_PER_EURO, 1.0)
    return [(user, days, money * factors[user]) for user, days, money in made]


def free_first_month(rng: np.random.Generator) -> Visits:
    """An app: the first month is free, then each week of use costs a fee; half only try."""
    made: Visits = []
    for user in range(2_000):
        joined = int(rng.integers(0, 380))
        tries = rng.random() < TRIES
        life = FREE_DAYS * 2 * rng.beta(1, 1.2) if tries else rng.exponential(200)
        days = np.arange(0, max(int(life), 1))
        days = days[(days == 0) | (rng.random(len(days)) < rng.beta(2, 4))]
        is_due = (days >= FREE_DAYS) & (np.diff(days // 7, prepend=-1) > 0)
        made.append((user, (joined + days).astype(float), np.where(is_due, FEE, 0.0)))
    return made


def merged_accounts(rng: np.random.Generator) -> Visits:
    """From a day on one user in seven buys under the account of another one."""
    made = shoppers(rng, n_users=2_500, n_days=700)
    is_merged = rng.random(len(made)) < MERGED
    kept = np.flatnonzero(~is_merged)
    moved: Visits = []
    for user, days, money in made:
        later = days >= MERGED_ON if is_merged[user] else np.zeros(len(days), dtype=bool)
        moved.append((user, days[~later], money[~later]))
        if later.any():
            moved.append((int(kept[user % len(kept)]), days[later], money[later]))
    return moved


def last_day_twice(rng: np.random.Generator) -> Visits:
    """The last day before the cut was loaded three times under other row numbers."""
    made: Visits = []
    for user, days, money in shoppers(rng, n_users=2_500, n_days=700):
        again = np.floor(days) == LAST_DAY
        more, paid = np.tile(days[again], 2), np.tile(money[again], 2)
        made.append((user, np.r_[days, more], np.r_[money, paid]))
    return made


def guest_account(rng: np.random.Generator) -> Visits:
    """Who does not sign in is one user: fifteen in a hundred orders."""
    made: Visits = []
    guests: list[tuple[Floats, Floats]] = []
    for user, days, money in shoppers(rng, n_users=2_500, n_days=700):
        is_guest = rng.random(len(days)) < GUESTS
        made.append((user + 1, days[~is_guest], money[~is_guest]))
        guests.append((days[is_guest], money[is_guest]))
    days, money = (np.concatenate(parts) for parts in zip(*guests, strict=True))
    return [(0, days, money), *made]


def cents_from_a_day(rng: np.random.Generator) -> Visits:
    """A new shop system writes cents where the old one wrote euros, two months before the cut."""
    made = shoppers(rng, n_users=2_000, n_days=700)
    return [(u, d, np.where(d >= CENTS_FROM, 100.0, 1.0) * m) for u, d, m in made]

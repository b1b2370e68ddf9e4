"""Twelve more logs that real services have, odd by how users live: a peak each December, buyers
of one gift, amounts of heavy tails, weekly beside yearly buyers, long holidays, launches by region,
users who come back after 200 days, paydays, prices that creep, a campaign or a
mailing just before the cut, ids that were renamed.

    python -m benchmarks.churn --only odd

Nothing of NTG is fitted to them. `odd_logs` says how they are judged; day 0 is a 1st of January.
"""

import numpy as np

from benchmarks.odd_exports import YEAR, Visits, shoppers

DECEMBER = (334, 365)  # days of each year
PEAK = 3.0  # times as many purchases in December
GIFTS_AGAIN = 0.15  # chance of a gift in a later December
HEAVY = 2.0  # sigma of ln(amount)
WEEKLY = 0.15  # share of the users
REGION_OPENS = 110  # days from one to the next
AWAY, SPELL_PACE, LEAVE = 200.0, 0.4, 0.2  # days between two spells; of a spell, and after it
LAST_START = 1_300.0  # day of the log
CREEP = 0.025  # of the prices, per month
CAMPAIGN, STAYS = (380, 400), 0.15  # days on which half of all users joined; share that stays
MAILED, GONE, LOOK = 392, 52, 0.5  # day of the log; days without a visit; share that comes
RENAMED_ON = 350  # day of the log


def december_peak(rng: np.random.Generator) -> Visits:
    """A loyalty programme: everybody buys three times as often in December."""
    made: Visits = []
    for user in range(2_500):
        joined, life = rng.uniform(0, 1_000), rng.exponential(500)
        gap = (rng.gamma(2.0, 14.0) + 2) / PEAK
        days = joined + np.r_[0.0, np.cumsum(rng.exponential(gap, 400))]
        kept = is_december(days) | (rng.random(len(days)) < 1 / PEAK)
        kept[0] = True
        days = days[kept & (days <= joined + life)]
        made.append((user, days, rng.lognormal(3.3 + rng.normal(0, 0.4), 0.5, len(days))))
    return made


def december_gifts(rng: np.random.Generator) -> Visits:
    """Half of the users buy one gift in one December, and some of them again in the next."""
    made = shoppers(rng, n_users=1_500, n_days=1_000)
    for user in range(1_500, 3_000):
        first = int(rng.integers(0, 2))
        years = np.array(
            [year for year in range(first, 3) if year == first or rng.random() < GIFTS_AGAIN]
        )
        days = years * YEAR + rng.uniform(*DECEMBER, len(years))
        made.append((user, days, rng.lognormal(3.8, 0.5, len(days))))
    return made


def heavy_amounts(rng: np.random.Generator) -> Visits:
    """Amounts whose logarithm has a standard deviation of two, most of it within users."""
    return [
        (user, days, rng.lognormal(2.0 + rng.normal(0, HEAVY / 2), HEAVY * 0.87, len(days)))
        for user, days, _ in shoppers(rng, n_users=3_000, n_days=700)
    ]


def weekly_and_yearly(rng: np.random.Generator) -> Visits:
    """One in seven buys each week or so, all others once or twice a year."""
    made: Visits = []
    for user in range(3_000):
        weekly = rng.random() < WEEKLY
        joined, gap, life = rng.uniform(0, 900), *((8.0, 300.0) if weekly else (250.0, 1_500.0))
        days = joined + np.r_[0.0, np.cumsum(rng.gamma(2.0, gap / 2.0, 160))]
        days = days[days <= joined + rng.exponential(life)]
        made.append((user, days, rng.lognormal(2.8 if weekly else 4.2, 0.5, len(days))))
    return made


def long_holidays(rng: np.random.Generator) -> Visits:
    """A daily app whose users go away for three to seven weeks in July or August."""
    made: Visits = []
    for user in range(1_500):
        joined, life, pace = int(rng.integers(0, 600)), rng.exponential(300), rng.beta(3, 3)
        days = joined + np.flatnonzero(rng.random(int(min(life, 900)) + 1) < pace)
        for year in range(3):
            left = year * YEAR + rng.integers(181, 225)
            days = days[(days < left) | (days >= left + rng.integers(21, 50))]
        at = np.unique(np.r_[joined, days]).astype(np.float64)
        made.append((user, at, np.ones(len(at))))
    return made


def regions(rng: np.random.Generator) -> Visits:
    """Six regions open one after another, each with a pace, prices and loyalty of its own."""
    made: Visits = []
    for region in range(6):
        opened, pace, life = region * REGION_OPENS, rng.uniform(6, 30), rng.uniform(60, 400)
        level = rng.normal(3.0, 0.6)
        for user in range(500):
            joined = opened + rng.exponential(80)
            days = joined + np.r_[0.0, np.cumsum(rng.exponential(pace * rng.gamma(3, 1 / 3), 150))]
            days = days[days <= joined + rng.exponential(life)]
            made.append((region * 500 + user, days, rng.lognormal(level, 0.5, len(days))))
    return made


def back_after_200_days(rng: np.random.Generator) -> Visits:
    """Spells of three weeks of use, then away for about 200 days; a fifth never return."""
    made: Visits = []
    for user in range(2_500):
        start, days = rng.uniform(0, 800), []
        while start < LAST_START:
            spell = start + np.flatnonzero(rng.random(21) < SPELL_PACE)
            days.append(np.r_[start, spell])
            if rng.random() < LEAVE:
                break
            start += max(rng.normal(AWAY, 30.0), 60.0)
        at = np.unique(np.floor(np.concatenate(days)))
        made.append((user, at, np.ones(len(at))))
    return made


def paydays(rng: np.random.Generator) -> Visits:
    """Purchases in the first three days of a month, missed now and then; 4% leave each month."""
    made: Visits = []
    for user in range(2_500):
        joined, n_months = int(rng.integers(0, 22)), int(rng.geometric(0.04))
        months = joined + np.flatnonzero(rng.random(n_months) < rng.beta(6, 2))
        days = (months * (YEAR / 12) + rng.integers(0, 3, len(months))).astype(np.float64)
        made.append((user, days, rng.lognormal(4.0 + rng.normal(0, 0.3), 0.4, len(days))))
    return [row for row in made if len(row[1])]


def prices_creep(rng: np.random.Generator) -> Visits:
    """Purchases whose prices rise by 2.5% each month."""
    made = shoppers(rng, n_users=3_000, n_days=800)
    return [(u, d, np.exp(CREEP * d / 30) * a) for u, d, a in made]


def campaign(rng: np.random.Generator) -> Visits:
    """Half of the users joined within three weeks just before the cut, most of them for once."""
    made = shoppers(rng, n_users=1_500, n_days=700)
    for user in range(1_500, 3_000):
        joined, stays = rng.uniform(*CAMPAIGN), rng.random() < STAYS
        days = joined + np.r_[0.0, np.cumsum(rng.exponential(rng.gamma(2.0, 12.0), 60))]
        days = days[days <= joined + (rng.exponential(200) if stays else 0.0)]
        made.append((user, days, rng.lognormal(2.8, 0.5, len(days))))
    return made


def mailing(rng: np.random.Generator) -> Visits:
    """Half of those who were gone look into a sale once, a week before the cut."""
    made: Visits = []
    for user, days, amounts in shoppers(rng, n_users=3_000, n_days=700):
        is_gone = days[0] < MAILED - GONE and not ((days > MAILED - GONE) & (days < MAILED)).any()
        if is_gone and rng.random() < LOOK:
            at = np.r_[days, MAILED + rng.uniform(0, 5)]
            made.append((user, at, np.r_[amounts, amounts.mean() / 2]))
        else:
            made.append((user, days, amounts))
    return made


def renamed_ids(rng: np.random.Generator) -> Visits:
    """All ids are new from a day on: everybody joins on that day, and everybody else leaves."""
    made: Visits = []
    for user, days, amounts in shoppers(rng, n_users=2_500, n_days=700):
        is_late = days >= RENAMED_ON
        made.append((user, days[~is_late], amounts[~is_late]))
        made.append((user + 10_000, days[is_late], amounts[is_late]))
    return [row for row in made if len(row[1])]


def is_december(days: np.ndarray) -> np.ndarray:
    """Whether days of the log lie in a December."""
    return (days % YEAR >= DECEMBER[0]) & (days % YEAR < DECEMBER[1])

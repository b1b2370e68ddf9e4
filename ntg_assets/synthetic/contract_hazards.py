"""The planted hazards: how probably somebody cancels in a period, by two laws."""

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.billing_days import renewal_days
from ntg_assets.synthetic.contract_records import NEVER, Contracts, People
from ntg_assets.synthetic.contract_rules import ASLEEP, ContractRules

YEAR_DAYS = 365.25
REMINDED = 5.0
FELT_PERIODS = 2  # after a rise of the price


def _bounds(
    rules: ContractRules, contracts: Contracts, place: Longs, number: Longs
) -> tuple[Longs, Longs]:
    """First day of a period and of the next one."""
    first = int(np.datetime64(rules.start_on, "D").astype(np.int64))
    months = np.array([plan.months for plan in rules.plans])[contracts.plan[place]]
    anchor = contracts.trial_end[place] + first
    days = np.zeros_like(months)
    starts = renewal_days(anchor, months, days, np.maximum(number, 0)) - first
    renews = renewal_days(anchor, months, days, number + 1) - first
    return np.where(number < 0, contracts.start[place], starts), renews


def has_risen(rules: ContractRules, plan: Longs, day: Longs) -> Flags:
    """Whether a plan's price has risen by a day: that of the second one does.

    Args:
        rules: What the world is made of.
        plan: Place of each contract's plan, shape (n,).
        day: Day of the world, likewise.
    """
    rise = NEVER if rules.price_rise_on_day is None else rules.price_rise_on_day
    return (plan == 1) & (day >= rise)


def draw_period(
    rules: ContractRules,
    rng: np.random.Generator,
    people: People,
    contracts: Contracts,
    place: Longs,
    number: Longs,
    state: Longs,
    since_rise: Longs,
) -> dict[str, np.ndarray]:
    """Draw what one period of running contracts is like.

    Args:
        rules: What the world is made of.
        rng: Stream of chance.
        people: Everybody.
        contracts: Contracts of one round.
        place: Places of those that run, shape (n,).
        number: Their periods, -1 for the trial, likewise.
        state: Engaged, casual or asleep, likewise.
        since_rise: Periods since the price rose, likewise.

    Returns:
        Columns of `Periods`, likewise.
    """
    start, renewal = _bounds(rules, contracts, place, number)
    plan, user = contracts.plan[place], contracts.user[place]
    has_support, is_felt = rng.random(len(place)) < rules.support_rate, since_rise < FELT_PERIODS
    hazard = (
        _logit_hazard(rules, plan, number, state, is_felt, has_support)
        if rules.law == "logit"
        else _frail_hazard(rules, rng, people.frailty[user], start, state, is_felt)
    )
    trial = 1 / (1 + np.exp(-np.array(rules.trial_log_odds)[state]))
    return {
        "start": start,
        "renewal": renewal,
        "hazard": np.where(number < 0, trial, hazard),
        "has_support": has_support,
        "price": _prices(rules, plan, start),
        "failure": np.where(number < 0, 0.0, people.failure_rate[user] * rules.lost_share),
    }


def _prices(rules: ContractRules, plan: Longs, start: Longs) -> Longs:
    """Price of each period in minor units, risen where it starts after the rise."""
    price = np.array([each.price_minor for each in rules.plans])[plan]
    risen = np.rint(price * (1 + rules.price_rise))
    return np.where(has_risen(rules, plan, start), risen, price).astype(np.int64)


def _logit_hazard(
    rules: ContractRules, plan: Longs, number: Longs, state: Longs, risen: Flags, support: Flags
) -> Floats:
    log_odds = (
        rules.base_log_odds
        + np.array([each.log_odds for each in rules.plans])[plan]
        + rules.tenure * np.log1p(np.maximum(number, 0))
        + np.array(rules.state_log_odds)[state]
        + rules.price_rise_log_odds * risen
        + rules.support_log_odds * support
    )
    return 1 / (1 + np.exp(-log_odds))


def _frail_hazard(
    rules: ContractRules,
    rng: np.random.Generator,
    frailty: Floats,
    start: Longs,
    state: Longs,
    risen: Flags,
) -> Floats:
    season = 1 + rules.season_swing * np.sin(2 * np.pi * (start - 90) / YEAR_DAYS)
    asleep = state == ASLEEP
    reminded = asleep & (rng.random(len(state)) < rules.reminder_rate)
    while_asleep = np.where(reminded, REMINDED, 0.4)
    factor = np.where(asleep, while_asleep, np.array([0.6, 1.6, 1.0])[state])
    return np.minimum(frailty * season * factor * np.where(risen, 2.0, 1.0), 0.95)

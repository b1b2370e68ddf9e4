"""Lives of planted contracts, period by period: who watches how much, who cancels, whose payment
fails, who comes back.
"""

import numpy as np
import numpy.typing as npt

from ntg_assets.arrays import Flags, Floats, Longs
from ntg_assets.randomness import random_stream
from ntg_assets.synthetic.contract_hazards import draw_period, has_risen
from ntg_assets.synthetic.contract_records import NEVER, Contracts, Lives, People, Periods
from ntg_assets.synthetic.contract_rules import ContractRules

RETRY_DAYS, GRACE_DAYS = 3, 7
ANNOUNCED_DAYS = 30
ROUNDS = 3  # contracts of one person
SOONEST_RETURN = 2  # days after the end
CANCELLED, PAYMENT_FAILED, NOT_CONVERTED = "cancelled", "payment_failed", "not_converted"


def live(rules: ContractRules) -> Lives:
    """Draw every contract of a world from its rules."""
    rng = random_stream(rules.seed, f"contracts:{rules.law}")
    people = _people(rules, rng)
    user, start = np.arange(rules.n_users), _first_starts(rules, rng)
    periods, made = Periods(), []
    n_before = 0
    for number in range(ROUNDS):
        contracts = _sign(rules, rng, user, start, with_trial=number == 0)
        _run(rules, rng, people, contracts, periods, offset=n_before)
        made.append(contracts)
        n_before += len(contracts.user)
        user, start = _returners(rules, rng, contracts)
        if not len(user):
            break
    whole = Contracts(
        *(np.concatenate([getattr(part, name) for part in made]) for name in vars(made[0]))
    )
    return Lives(people, whole, {name: periods[name] for name in periods.parts})


def _people(rules: ContractRules, rng: np.random.Generator) -> People:
    n = rules.n_users
    bad = rng.random(n) < rules.bad_card_share
    return People(
        np.where(bad, rules.failure_rate[1], rules.failure_rate[0]),
        rng.beta(*rules.frailty, size=n),
        rng.random(n) < rules.second_currency_share,
    )


def _sign(
    rules: ContractRules, rng: np.random.Generator, user: Longs, start: Longs, *, with_trial: bool
) -> Contracts:
    n = len(user)
    shares = np.array([plan.share for plan in rules.plans])
    plan = rng.choice(len(shares), size=n, p=shares / shares.sum())
    trial = (rng.random(n) < rules.trial_share) & with_trial
    never = np.full(n, NEVER)
    trial_end = start + np.where(trial, rules.trial_days, 0)
    return Contracts(
        user, plan, start, trial_end, never, never.copy(), np.full(n, "", dtype=object)
    )


def _run(
    rules: ContractRules,
    rng: np.random.Generator,
    people: People,
    contracts: Contracts,
    periods: Periods,
    *,
    offset: int,
) -> None:
    """Let contracts live until they end or the world does."""
    place = np.arange(len(contracts.user))
    state = rng.choice(3, size=len(place), p=rules.first_states)
    number = np.where(contracts.trial_end > contracts.start, -1, 0)
    failed = np.zeros(len(place), dtype=bool)
    since_rise = np.full(len(place), 9)
    while len(place):
        drawn = draw_period(rules, rng, people, contracts, place, number, state, since_rise)
        failed_before = failed
        end, known_on, kind, failed = _ends(rules, rng, people, contracts, place, number, drawn)
        periods.add(
            contract=place + offset, number=number, state=state, is_failed=failed_before, **drawn
        )
        ended = end < NEVER
        contracts.end[place[ended]] = end[ended]
        contracts.end_known[place[ended]] = known_on[ended]
        contracts.kind[place[ended]] = kind[ended]
        goes_on = ~ended & (drawn["renewal"] < rules.n_days)
        rose = _rises_in(rules, contracts.plan[place], drawn)
        since_rise = np.where(rose, 0, since_rise + 1)[goes_on]
        place, failed = place[goes_on], failed[goes_on]
        state = _next_state(rules, rng, state[goes_on])
        number = number[goes_on] + 1


def _first_starts(rules: ContractRules, rng: np.random.Generator) -> Longs:
    """Day of everybody's first contract: founders come in the first two months, others evenly."""
    return np.where(
        rng.random(rules.n_users) < rules.founder_share,
        rng.integers(0, 60, rules.n_users),
        rng.integers(0, rules.n_days, rules.n_users),
    )


def _rises_in(rules: ContractRules, plan: Longs, drawn: dict[str, np.ndarray]) -> Flags:
    """Whether the price rises between the start of a period and its renewal."""
    return has_risen(rules, plan, drawn["renewal"]) & ~has_risen(rules, plan, drawn["start"])


def _ends(
    rules: ContractRules,
    rng: np.random.Generator,
    people: People,
    contracts: Contracts,
    place: Longs,
    number: Longs,
    drawn: dict[str, np.ndarray],
) -> tuple[Longs, Longs, np.ndarray, Flags]:
    """Day, day known and kind of the ends in a period, and whose payment failed at its end."""
    n = len(place)
    start, renewal = drawn["start"], drawn["renewal"]
    leaves = rng.random(n) < drawn["hazard"]
    cancelled_on = start + np.floor(rng.random(n) * (renewal - start)).astype(np.int64)
    at_once = (rng.random(n) < rules.immediate_share) & (rules.law == "frailty") & (number >= 0)
    fails = ~leaves & (number >= 0) & (rng.random(n) < people.failure_rate[contracts.user[place]])
    lost = fails & (rng.random(n) < rules.lost_share)

    def of_end(cancelled: npt.ArrayLike, unpaid: npt.ArrayLike, none: npt.ArrayLike) -> np.ndarray:
        return np.where(leaves, cancelled, np.where(lost, unpaid, none))

    end = of_end(np.where(at_once, cancelled_on + 1, renewal), renewal + GRACE_DAYS, NEVER)
    known_on = of_end(cancelled_on, renewal + RETRY_DAYS, NEVER)
    kind = of_end(np.where(number < 0, NOT_CONVERTED, CANCELLED), PAYMENT_FAILED, "")
    drawn["stop"] = np.where(end < NEVER, end, renewal)
    drawn["fails_after"] = fails
    return end, known_on, kind.astype(object), fails


def _next_state(rules: ContractRules, rng: np.random.Generator, state: Longs) -> Longs:
    edges = np.cumsum(np.array(rules.next_states), axis=1)[state]
    return (rng.random(len(state))[:, None] > edges).sum(axis=1).clip(0, 2)


def return_shares(rules: ContractRules, kind: np.ndarray) -> Floats:
    """Planted share of those who come back, by how their contracts ended."""
    failed = rules.return_share_failed
    lost = rules.return_share if failed is None else failed
    return np.where(kind == PAYMENT_FAILED, lost, rules.return_share)


def _returners(
    rules: ContractRules, rng: np.random.Generator, contracts: Contracts
) -> tuple[Longs, Longs]:
    """People who come back, and when their next contract starts."""
    left = np.flatnonzero(contracts.end < rules.n_days)
    back = left[rng.random(len(left)) < return_shares(rules, contracts.kind[left])]
    waits = rng.exponential(rules.return_days, len(back)).astype(np.int64)
    day = contracts.end[back] + SOONEST_RETURN + waits
    kept = day < rules.n_days
    return contracts.user[back][kept], day[kept]

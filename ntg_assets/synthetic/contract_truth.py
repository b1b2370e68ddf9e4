"""The planted truth of a subscription world: how probably each running contract ends within the
horizon, how probably people who left come back, and what followed.
"""

import numpy as np
import polars as pl

from ntg_assets.arrays import Floats, Longs
from ntg_assets.synthetic.contract_lives import (
    GRACE_DAYS,
    PAYMENT_FAILED,
    RETRY_DAYS,
    ROUNDS,
    SOONEST_RETURN,
    return_shares,
)
from ntg_assets.synthetic.contract_records import Lives
from ntg_assets.synthetic.contract_rules import ASLEEP, ContractRules


def contract_truth(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Say of each contract that ran at a cut, without an end known before it, what was planted.

    Within a period the day on which somebody asks to leave is drawn evenly; so of a chance h, once
    the share u of the period has gone by without it, h (1 - u) / (1 - h u) is left. A payment that
    failed is lost with `lost_share`.

    Returns:
        One row per (contract, cut): `subscription_id`, `cut` (day number), `end_probability` (of an
        end within the horizon; null under the law `frailty`), `is_asleep`, `price_minor`, `ended`.
    """
    parts = [_at(lives, rules, cut) for cut in rules.cuts]
    return pl.concat(parts).sort("cut", "subscription_id")


def _at(lives: Lives, rules: ContractRules, cut: int) -> pl.DataFrame:
    periods, chosen = lives.periods, _running_at(lives, cut)
    contract = periods["contract"][chosen]
    probability = (
        _probability(lives, rules, cut, chosen)
        if rules.law == "logit"
        else np.full(len(chosen), np.nan)
    )
    return pl.DataFrame(
        {
            "subscription_id": [f"s{number}" for number in contract],
            "cut": np.full(len(chosen), cut),
            "end_probability": pl.Series(probability).fill_nan(None),
            "is_asleep": periods["state"][chosen] == ASLEEP,
            "is_trial": periods["number"][chosen] < 0,
            "price_minor": periods["price"][chosen],
            "ended": lives.contracts.end[contract] < cut + rules.horizon_days,
        }
    )


def _running_at(lives: Lives, cut: int) -> Longs:
    """Choose the period of each contract that runs at a cut, as far as is known then."""
    contracts, periods = lives.contracts, lives.periods
    place = periods["contract"]
    runs = (contracts.end[place] > cut) & (contracts.end_known[place] >= cut)
    now = (periods["start"] <= cut) & (cut < periods["renewal"]) & runs
    lost = (contracts.kind == PAYMENT_FAILED) & (contracts.end > cut) & (contracts.end_known >= cut)
    due = lost & (contracts.end - GRACE_DAYS <= cut)
    last = _last_period(place, len(contracts.user))
    chosen = np.concatenate([np.flatnonzero(now), last[np.flatnonzero(due)]])
    # what begins on the day itself is not known yet
    return chosen[contracts.start[place[chosen]] < cut]


def _last_period(place: np.ndarray, n_contracts: int) -> np.ndarray:
    last = np.zeros(n_contracts, dtype=np.int64)
    np.maximum.at(last, place, np.arange(len(place)))
    return last


def _probability(lives: Lives, rules: ContractRules, cut: int, chosen: np.ndarray) -> Floats:
    periods = lives.periods
    start, renewal = periods["start"][chosen], periods["renewal"][chosen]
    hazard, until = periods["hazard"][chosen], cut + rules.horizon_days
    gone = np.clip((cut - start) / (renewal - start), 0, 1)
    leaves = np.where(renewal < until, hazard * (1 - gone) / (1 - hazard * gone), 0.0)
    loses = np.where(renewal + GRACE_DAYS < until, periods["failure"][chosen], 0.0)
    chance = leaves + (1 - leaves) * loses
    has_failed = periods["is_failed"][chosen] & (start < cut) & (cut <= start + RETRY_DAYS)
    chance = np.where(has_failed, rules.lost_share + (1 - rules.lost_share) * chance, chance)
    in_grace = renewal <= cut  # of a contract whose payment is being lost
    chance = np.where(in_grace & (cut > renewal), rules.lost_share, chance)
    is_due = (cut == start) & (periods["number"][chosen] > 0)
    before = _failure_before(lives, chosen)
    chance = np.where(is_due, before + (1 - before) * chance, chance)
    return np.where(in_grace & (cut == renewal), periods["failure"][chosen], chance)


def _failure_before(lives: Lives, chosen: np.ndarray) -> Floats:
    """Chance that the payment at the start of a period is lost: as drawn for the period before."""
    return lives.periods["failure"][chosen] * (lives.periods["number"][chosen] > 0)


def return_truth(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Say of everybody who had left before a cut, as far as was known, what was planted.

    Of those who left, a share comes back after two days and an exponential time; who is still away
    after a time t of it is one of them with share e^(-t/mean) / (1 - share + share e^(-t/mean)).

    Returns:
        One row per (user, cut): `user_id`, `cut`, `return_probability` (of a new contract within
        the horizon), `returned`.
    """
    return pl.concat([_away_at(lives, rules, cut) for cut in rules.cuts]).sort("cut", "user_id")


def _away_at(lives: Lives, rules: ContractRules, cut: int) -> pl.DataFrame:
    contracts = lives.contracts
    begun = contracts.start < cut
    over = begun & (contracts.end < cut) & (contracts.end_known < cut)
    n_over = np.bincount(contracts.user[over], minlength=rules.n_users)
    n_begun = np.bincount(contracts.user[begun], minlength=rules.n_users)
    next_start = np.full(rules.n_users, np.iinfo(np.int64).max)
    np.minimum.at(next_start, contracts.user[~begun], contracts.start[~begun])
    last = np.zeros(rules.n_users, dtype=np.int64)
    np.maximum.at(last, contracts.user[over], np.flatnonzero(over))
    user = np.flatnonzero((n_over > 0) & (n_over == n_begun))
    end, kind = contracts.end[last[user]], contracts.kind[last[user]]
    share = np.where(n_over[user] < ROUNDS, return_shares(rules, kind), 0.0)
    return pl.DataFrame(
        {
            "user_id": user + 1,
            "cut": np.full(len(user), cut),
            "return_probability": _return_probability(rules, share, cut - end - SOONEST_RETURN),
            "returned": next_start[user] < cut + rules.horizon_days,
        }
    )


def _return_probability(rules: ContractRules, share: Floats, waited: Longs) -> Floats:
    """Probability to return within the horizon of who has not until now: a share returns at all,
    after an exponential wait.
    """
    before = np.exp(-np.maximum(waited, 0) / rules.return_days)
    after = np.exp(-(waited + rules.horizon_days) / rules.return_days)
    return share * (before - after) / (1 - share + share * before)

"""Write a planted subscription world: log, items, contracts, payments, attributes, and the truth.

- `events.parquet`: user_id, item_id, event_at, event_type
- `items.csv`: item_id, title, categories
- `subscriptions.csv`: one row per term, with the day on which each end was known
- `payments.csv`: subscription_id, happened_at, status, amount, currency
- `users.csv`: user_id, known_from, country, channel, acquisition_cost, consent
- `item_windows.csv`: item_id, known_from, available_from, available_until
- `assignments.csv`: experiment_id, user_id, arm, assigned_at; where there is an experiment
- `truth/contracts.parquet`, `truth/returns.parquet`: see `contract_truth.py`
"""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from ntg_assets.randomness import random_stream, unit_interval
from ntg_assets.synthetic.contract_lives import (
    ANNOUNCED_DAYS,
    GRACE_DAYS,
    NEVER,
    PAYMENT_FAILED,
    RETRY_DAYS,
    Lives,
    live,
)
from ntg_assets.synthetic.contract_rules import ContractRules
from ntg_assets.synthetic.contract_truth import contract_truth, return_truth

CHANNELS = ("search", "social", "partner", "friends")
CHANNEL_COSTS = (1800, 2600, 1200, 0)  # cents
COUNTRIES = ("SE", "NO", "DK", "FI")
SUPPORT, PLAY = "support_ticket", "play"
MICROSECONDS_PER_DAY = 86_400_000_000
LOYALTY = 0.7
EXPERIMENT, CONTROL_SHARE = "better-start-page", 0.5
LATER_EVERY, GONE_EVERY = 20, 10
TRUTHS = {"truth": "contracts.parquet", "returns": "returns.parquet"}
GENRES = ("Drama", "Comedy", "Crime", "Nature", "Sport", "Music")


def contract_tables(rules: ContractRules) -> dict[str, pl.DataFrame]:
    """Make every table of a world; the same rules make the same rows."""
    lives = live(rules)
    return {
        "events": _events(lives, rules),
        "items": _items(rules),
        "subscriptions": _terms(lives, rules),
        "payments": _payments(lives, rules),
        "users": _users(lives, rules),
        "item_windows": _item_windows(rules),
        "truth": contract_truth(lives, rules),
        "returns": return_truth(lives, rules),
    } | ({"assignments": _assignments(lives, rules)} if rules.experiment_days else {})


def write_contract_world(folder: Path, rules: ContractRules) -> dict[str, int]:
    """Write a world into a folder; return the rows of each table."""
    (folder / "truth").mkdir(parents=True, exist_ok=True)
    tables = contract_tables(rules)
    for name, rows in tables.items():
        if name in TRUTHS:
            rows.write_parquet(folder / "truth" / TRUTHS[name])
        elif name == "events":
            rows.with_columns(pl.col("user_id", "item_id").cast(pl.Int32)).write_parquet(
                folder / "events.parquet", compression="zstd", compression_level=9
            )
        else:
            rows.write_csv(folder / f"{name}.csv")
    return {name: rows.height for name, rows in tables.items()}


def _day(number: pl.Expr, rules: ContractRules) -> pl.Expr:
    return pl.lit(rules.start_on) + pl.duration(days=number)


def _terms(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """One row per run of periods at one price; the end stands on the last."""
    contracts, periods = lives.contracts, lives.periods
    rows = pl.DataFrame(
        {"contract": periods["contract"], "start": periods["start"], "price": periods["price"]}
    ).sort("contract", "start")
    firsts = rows.filter(
        (pl.col("price") != pl.col("price").shift(1).over("contract")).fill_null(value=True)
    )
    known = pl.DataFrame(
        {
            "contract": np.arange(len(contracts.user)),
            "user_id": contracts.user + 1,
            "plan": np.array([plan.name for plan in rules.plans])[contracts.plan],
            "months": np.array([plan.months for plan in rules.plans])[contracts.plan],
            "trial_end": np.where(
                contracts.trial_end > contracts.start, contracts.trial_end, NEVER
            ),
            "end": contracts.end,
            "end_known": contracts.end_known,
            "end_reason": contracts.kind.astype(str),
            "currency": np.where(lives.people.pays_dollars[contracts.user], "USD", "EUR"),
        }
    )
    terms = firsts.join(known, on="contract").sort("contract", "start")
    next_start = pl.col("start").shift(-1).over("contract")
    is_last = next_start.is_null()
    # what the file was written too early to know does not stand in it
    is_told = is_last & (pl.col("end_known") < rules.n_days)
    is_first = pl.col("start") == pl.col("start").first().over("contract")
    return terms.select(
        "user_id",
        subscription_id=pl.format("s{}", "contract"),
        started_at=_day(pl.col("start"), rules),
        ended_at=pl.when(is_told)
        .then(_day(pl.col("end"), rules))
        .otherwise(_day(next_start, rules)),
        known_from=pl.when(is_first)
        .then(_day(pl.col("start"), rules))
        .otherwise(_day(pl.col("start") - ANNOUNCED_DAYS, rules)),
        end_known_from=pl.when(is_told)
        .then(_day(pl.col("end_known"), rules))
        .otherwise(_day(next_start - ANNOUNCED_DAYS, rules)),
        plan="plan",
        price=pl.format(
            "{}.{}",
            pl.col("price") // 100,
            (pl.col("price") % 100).cast(pl.String).str.zfill(2),
        ),
        currency="currency",
        billing_period=pl.format("{} months", "months"),
        trial_ended_at=pl.when(is_first & (pl.col("trial_end") < NEVER)).then(
            _day(pl.col("trial_end"), rules)
        ),
        end_reason=pl.when(is_told).then("end_reason"),
    )


def _payments(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """What was taken at the start of each paid period, and what could not be."""
    contracts, periods = lives.contracts, lives.periods
    paid = periods["number"] >= 0
    contract, start, price = (periods[name][paid] for name in ("contract", "start", "price"))
    failed = periods["is_failed"][paid]
    lost = np.flatnonzero(contracts.kind == PAYMENT_FAILED)
    due = contracts.end[lost] - GRACE_DAYS
    last_price = np.zeros(len(contracts.user), dtype=np.int64)
    last_price[periods["contract"]] = periods["price"]
    attempts = [
        (contract, start + np.where(failed, RETRY_DAYS, 0), price, "paid"),
        (contract[failed], start[failed], price[failed], "failed"),
        (lost, due, last_price[lost], "failed"),
        (lost, due + RETRY_DAYS, last_price[lost], "failed"),
    ]
    rows = pl.concat(
        pl.DataFrame({"contract": c, "day": d, "price": p}).with_columns(status=pl.lit(status))
        for c, d, p, status in attempts
    )
    return (
        rows.filter(pl.col("day") < rules.n_days)
        .sort("contract", "day", "status")
        .select(
            subscription_id=pl.format("s{}", "contract"),
            happened_at=_day(pl.col("day"), rules),
            status="status",
            amount=pl.format(
                "{}.{}",
                pl.col("price") // 100,
                (pl.col("price") % 100).cast(pl.String).str.zfill(2),
            ),
        )
    )


def _events(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """What people watch while a contract runs, and the tickets they write."""
    rng = random_stream(rules.seed, f"contract events:{rules.law}")
    periods = lives.periods
    stop = np.minimum(np.minimum(periods["stop"], periods["renewal"]), rules.n_days)
    length = np.maximum(stop - periods["start"], 0)
    rate = np.array(rules.active_rates)[periods["state"]]
    n_days = rng.binomial(length, rate)
    row = np.repeat(np.arange(len(length)), n_days)
    day = periods["start"][row] + np.floor(rng.random(len(row)) * length[row]).astype(np.int64)
    user = lives.contracts.user[periods["contract"]]
    active = np.unique(
        np.concatenate(
            [
                user[row] * np.int64(NEVER) + day,
                _lifted(rules, rng, user, periods["start"], length, rate),
            ]
        )
    )
    n_events = 1 + rng.poisson(rules.events_per_active_day - 1, len(active))
    each = np.repeat(active, n_events)
    who, when = each // NEVER, each % NEVER
    item = _chosen_items(rules, rng, who)
    tickets = np.flatnonzero(periods["has_support"] & (periods["start"] < stop))
    plays = _event_rows(rules, rng, who, when, item, PLAY)
    support = _event_rows(
        rules,
        rng,
        user[tickets],
        periods["start"][tickets],
        rng.integers(1, rules.n_items + 1, len(tickets)),
        SUPPORT,
    )
    return pl.concat([plays, support]).sort("event_at", "user_id", "item_id")


def _lifted(
    rules: ContractRules,
    rng: np.random.Generator,
    user: np.ndarray,
    start: np.ndarray,
    length: np.ndarray,
    rate: np.ndarray,
) -> np.ndarray:
    """Further active days of the treated, on the days of the experiment."""
    if not rules.experiment_days:
        return np.empty(0, dtype=np.int64)
    treated = is_treated(rules)[user]
    n_days = rng.binomial(length, np.where(treated, rate * rules.experiment_lift, 0.0))
    row = np.repeat(np.arange(len(length)), n_days)
    day = start[row] + np.floor(rng.random(len(row)) * length[row]).astype(np.int64)
    inside = day >= rules.n_days - rules.experiment_days
    return user[row][inside] * np.int64(NEVER) + day[inside]


def is_treated(rules: ContractRules) -> np.ndarray:
    """Who sees what is tested: by the hash that experiments assign by."""
    return np.array(
        [unit_interval(EXPERIMENT, number + 1) >= CONTROL_SHARE for number in range(rules.n_users)]
    )


def _assignments(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Everyone whose contract runs when the experiment begins."""
    begins, contracts = rules.n_days - rules.experiment_days, lives.contracts
    runs = (contracts.start < begins) & (contracts.end > begins)
    users = np.unique(contracts.user[runs])
    arm = np.where(is_treated(rules)[users], "treatment", "control")
    return pl.DataFrame(
        {
            "experiment_id": EXPERIMENT,
            "user_id": users + 1,
            "arm": arm,
            "assigned_at": rules.start_on + timedelta(days=begins),
        }
    )


def _event_rows(
    rules: ContractRules,
    rng: np.random.Generator,
    user: np.ndarray,
    day: np.ndarray,
    item: np.ndarray,
    kind: str,
) -> pl.DataFrame:
    first = int(np.datetime64(rules.start_on, "us").astype(np.int64))
    at = first + day * MICROSECONDS_PER_DAY + rng.integers(0, 86_400, len(day)) * 1_000_000
    return pl.DataFrame({"user_id": user + 1, "item_id": item, "event_at": at}).with_columns(
        pl.col("event_at").cast(pl.Datetime("us")), event_type=pl.lit(kind)
    )


def _chosen_items(rules: ContractRules, rng: np.random.Generator, user: np.ndarray) -> np.ndarray:
    """Seven in ten of a person's choices are of the own genre; within it the first draw most."""
    taste = rng.integers(0, len(GENRES), rules.n_users)
    genre = np.where(
        rng.random(len(user)) < LOYALTY, taste[user], rng.integers(0, len(GENRES), len(user))
    )
    per_genre = rules.n_items // len(GENRES)
    rank = np.floor(per_genre * rng.random(len(user)) ** 2).astype(np.int64)
    return rank * len(GENRES) + genre + 1


def _items(rules: ContractRules) -> pl.DataFrame:
    numbers = np.arange(rules.n_items)
    genres = np.array(GENRES)[numbers % len(GENRES)]
    return pl.DataFrame(
        {
            "item_id": numbers + 1,
            "title": [f"{genre} {place // len(GENRES) + 1}" for place, genre in enumerate(genres)],
            "categories": genres,
        }
    )


def _item_windows(rules: ContractRules) -> pl.DataFrame:
    """One item in ten leaves before the world ends, and one in twenty is announced for later."""
    end_on = rules.start_on + timedelta(days=rules.n_days)
    rows: list[tuple[int, date, date | None, date | None]] = []
    for number in range(1, rules.n_items + 1):
        opens = end_on + timedelta(days=14) if number % LATER_EVERY == 0 else None
        closes = end_on - timedelta(days=3) if number % GONE_EVERY == 1 else None
        rows.append((number, rules.start_on - timedelta(days=1), opens, closes))
    return pl.DataFrame(
        rows,
        schema={
            "item_id": pl.Int64,
            "known_from": pl.Date,
            "available_from": pl.Date,
            "available_until": pl.Date,
        },
        orient="row",
    )


def _users(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """Country, channel, cost and consent, each known from the first contract on."""
    rng = random_stream(rules.seed, f"contract users:{rules.law}")
    first = np.full(rules.n_users, NEVER)
    np.minimum.at(first, lives.contracts.user, lives.contracts.start)
    channel = rng.choice(len(CHANNELS), size=rules.n_users, p=[0.4, 0.3, 0.2, 0.1])
    return pl.DataFrame(
        {
            "user_id": np.arange(rules.n_users) + 1,
            "day": first - 1,
            "country": np.array(COUNTRIES)[rng.integers(0, len(COUNTRIES), rules.n_users)],
            "channel": np.array(CHANNELS)[channel],
            "cents": np.array(CHANNEL_COSTS)[channel],
            "consent": np.where(rng.random(rules.n_users) < rules.consent_share, "yes", "no"),
        }
    ).select(
        "user_id",
        known_from=_day(pl.col("day"), rules),
        country="country",
        channel="channel",
        acquisition_cost=pl.format(
            "{}.{}", pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2)
        ),
        consent="consent",
    )

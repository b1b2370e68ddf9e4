"""Terms and payments of a planted subscription world, as its billing system would write them."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from ntg_assets.arrays import Longs
from ntg_assets.synthetic.contract_lives import (
    ANNOUNCED_DAYS,
    GRACE_DAYS,
    PAYMENT_FAILED,
    RETRY_DAYS,
)
from ntg_assets.synthetic.contract_records import NEVER, Lives
from ntg_assets.synthetic.contract_rules import ContractRules


def day_of(number: pl.Expr, rules: ContractRules) -> pl.Expr:
    """Date of a day of the world, by its number."""
    return pl.lit(rules.start_on) + pl.duration(days=number)


def term_rows(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """One row per run of periods at one price; the end stands on the last."""
    terms = _runs(lives).join(_contracts(lives, rules), on="contract").sort("contract", "start")
    next_start = pl.col("start").shift(-1).over("contract")
    # what the file was written too early to know does not stand in it
    is_ended = next_start.is_null() & (pl.col("end_known") < rules.n_days)
    is_first = pl.col("start") == pl.col("start").first().over("contract")
    announced = pl.when(is_first).then("start").otherwise(pl.col("start") - ANNOUNCED_DAYS)
    end = pl.when(is_ended).then("end").otherwise(next_start)
    end_known = pl.when(is_ended).then("end_known").otherwise(next_start - ANNOUNCED_DAYS)
    trial_end = pl.when(is_first & (pl.col("trial_end") < NEVER)).then("trial_end")
    return terms.select(
        "user_id",
        subscription_id=pl.format("s{}", "contract"),
        started_at=day_of(pl.col("start"), rules),
        ended_at=day_of(end, rules),
        known_from=day_of(announced, rules),
        end_known_from=day_of(end_known, rules),
        plan="plan",
        price=as_decimal("price"),
        currency="currency",
        billing_period=pl.format("{} months", "months"),
        trial_ended_at=day_of(trial_end, rules),
        end_reason=pl.when(is_ended).then("end_reason"),
    )


def _runs(lives: Lives) -> pl.DataFrame:
    """First day and price of each run of periods at one price."""
    names = ("contract", "start", "price")
    rows = pl.DataFrame({name: lives.periods[name] for name in names}).sort("contract", "start")
    before = pl.col("price").shift(1).over("contract")
    return rows.filter((pl.col("price") != before).fill_null(value=True))


def _contracts(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """What stays the same over a contract."""
    contracts = lives.contracts
    has_trial = contracts.trial_end > contracts.start
    return pl.DataFrame(
        {
            "contract": np.arange(len(contracts.user)),
            "user_id": contracts.user + 1,
            "plan": np.array([plan.name for plan in rules.plans])[contracts.plan],
            "months": np.array([plan.months for plan in rules.plans])[contracts.plan],
            "trial_end": np.where(has_trial, contracts.trial_end, NEVER),
            "end": contracts.end,
            "end_known": contracts.end_known,
            "end_reason": contracts.kind.astype(str),
            "currency": np.where(lives.people.pays_dollars[contracts.user], "USD", "EUR"),
        }
    )


def as_decimal(cents: str) -> pl.Expr:
    """Write a column of cents as an amount with two decimals."""
    amount = pl.col(cents)
    return pl.format("{}.{}", amount // 100, (amount % 100).cast(pl.String).str.zfill(2))


def _attempts(lives: Lives) -> Iterator[tuple[Longs, Longs, Longs, str]]:
    """Contracts, days and prices of what was tried to take, and what came of it."""
    contracts, periods = lives.contracts, lives.periods
    paid = periods["number"] >= 0
    contract, start, price = (periods[name][paid] for name in ("contract", "start", "price"))
    failed = periods["is_failed"][paid]
    yield contract, start + np.where(failed, RETRY_DAYS, 0), price, "paid"
    yield contract[failed], start[failed], price[failed], "failed"
    lost = np.flatnonzero(contracts.kind == PAYMENT_FAILED)
    due = contracts.end[lost] - GRACE_DAYS
    last_price = np.zeros(len(contracts.user), dtype=np.int64)
    last_price[periods["contract"]] = periods["price"]
    yield lost, due, last_price[lost], "failed"
    yield lost, due + RETRY_DAYS, last_price[lost], "failed"


def payment_rows(lives: Lives, rules: ContractRules) -> pl.DataFrame:
    """What was taken at the start of each paid period, and what could not be."""
    rows = pl.concat(
        pl.DataFrame({"contract": c, "day": d, "price": p}).with_columns(status=pl.lit(status))
        for c, d, p, status in _attempts(lives)
    )
    return (
        rows.filter(pl.col("day") < rules.n_days)
        .sort("contract", "day", "status")
        .select(
            subscription_id=pl.format("s{}", "contract"),
            happened_at=day_of(pl.col("day"), rules),
            status="status",
            amount=as_decimal("price"),
        )
    )

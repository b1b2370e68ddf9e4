"""Terms and payments of a planted subscription world, as its billing system would write them."""

import numpy as np
import polars as pl

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
        started_at=day_of(pl.col("start"), rules),
        ended_at=pl.when(is_told)
        .then(day_of(pl.col("end"), rules))
        .otherwise(day_of(next_start, rules)),
        known_from=pl.when(is_first)
        .then(day_of(pl.col("start"), rules))
        .otherwise(day_of(pl.col("start") - ANNOUNCED_DAYS, rules)),
        end_known_from=pl.when(is_told)
        .then(day_of(pl.col("end_known"), rules))
        .otherwise(day_of(next_start - ANNOUNCED_DAYS, rules)),
        plan="plan",
        price=pl.format(
            "{}.{}",
            pl.col("price") // 100,
            (pl.col("price") % 100).cast(pl.String).str.zfill(2),
        ),
        currency="currency",
        billing_period=pl.format("{} months", "months"),
        trial_ended_at=pl.when(is_first & (pl.col("trial_end") < NEVER)).then(
            day_of(pl.col("trial_end"), rules)
        ),
        end_reason=pl.when(is_told).then("end_reason"),
    )


def payment_rows(lives: Lives, rules: ContractRules) -> pl.DataFrame:
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
            happened_at=day_of(pl.col("day"), rules),
            status="status",
            amount=pl.format(
                "{}.{}",
                pl.col("price") // 100,
                (pl.col("price") % 100).cast(pl.String).str.zfill(2),
            ),
        )
    )

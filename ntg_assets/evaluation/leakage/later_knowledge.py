"""Other futures, and another past, of what the sources beside the log know: contracts, payments,
facts. A row belongs to the future when it became known then, whenever it began.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

import polars as pl

from ntg_assets.evaluation.leakage.planted_world import facts
from ntg_assets.evaluation.leakage.planted_world.knowledge import Knowledge
from ntg_assets.evaluation.leakage.planted_world.subscribers import MAIN, SECOND, numbered
from ntg_assets.evaluation.leakage.planted_world.types import types_of
from ntg_assets.local_days import day_of

DAY = timedelta(days=1)
REPORTED_LATE_DAYS = 60  # ends that are known on a day came up to so many days before it
OTHER_WORDS = {
    facts.NORTH: facts.SOUTH,
    facts.SOUTH: facts.NORTH,
    facts.EVERYWHERE: facts.SOUTH,
    facts.YES: facts.NO,
    facts.NO: facts.YES,
    facts.SEARCH: facts.FRIENDS,
    facts.FRIENDS: facts.SEARCH,
}
LATER_ID = "z"  # contracts of the future sort last, so that those of before keep their numbers


def other_later(known: Knowledge, begins_at: datetime) -> Knowledge:
    """Let other things become known from an instant on: contracts that ended weeks before,
    prices, payments that came back, and of every user and item another version.
    """
    day = day_of(begins_at, known.zone)
    return replace(
        known,
        terms=pl.concat([_other_terms(known.terms, day), _new_terms(known.terms, day)]).sort(
            "subscription_id", "started_on"
        ),
        payments=numbered(pl.concat([_other_payments(known.payments, day), _returned(known, day)])),
        attributes=pl.concat(
            [_other_facts(known.attributes, begins_at), _new_versions(known.attributes, begins_at)]
        ),
    )


def nothing_later(known: Knowledge, begins_at: datetime) -> Knowledge:
    """Let nothing become known from an instant on: no end, no change, no payment, no version."""
    day = day_of(begins_at, known.zone)
    is_known = (pl.col("end_known_on") < day).fill_null(value=False)
    names = ("ended_on", "end_known_on", "end_kind")
    return replace(
        known,
        terms=known.terms.filter(pl.col("known_on") < day).with_columns(
            pl.when(is_known).then(name).alias(name) for name in names
        ),
        payments=numbered(known.payments.filter(pl.col("happened_on") < day)),
        attributes=known.attributes.filter(pl.col("known_from_at") < begins_at),
    )


def other_earlier(known: Knowledge, until: datetime) -> Knowledge:
    """Let other things have been known before an instant."""
    day = day_of(until, known.zone)
    is_past = pl.col("known_on") < day
    kept = ~is_past | (pl.col("user_id") % 5 > 0)
    other_days = ("started_on", "known_on", "ended_on", "end_known_on", "trial_end_on")
    terms = known.terms.filter(kept).with_columns(
        *(pl.col(name).dt.offset_by("-4d") for name in other_days),
        price_minor=pl.col("price_minor") * 2 + 1,
        plan=pl.col("plan") + " plus",
        currency=pl.col("currency").replace({MAIN: SECOND, SECOND: MAIN}),
        period_months=pl.col("period_months") * 2,
        period_days=pl.when(pl.col("period_days") > 0).then(pl.col("period_days") + 1).otherwise(0),
        end_kind=pl.col("end_kind").replace(
            {"cancelled": "payment_failed", "payment_failed": "cancelled"}
        ),
    )
    status = pl.col("status").replace({"paid": "failed", "failed": "paid"})
    past = pl.col("happened_on") < day
    return replace(
        known,
        terms=terms,
        payments=known.payments.with_columns(
            status=pl.when(past).then(status).otherwise("status"),
            amount_minor=pl.when(past).then(pl.col("amount_minor") * 3).otherwise("amount_minor"),
        ),
        attributes=_exchanged(known.attributes, pl.col("known_from_at") < until),
    )


def _other_terms(terms: pl.DataFrame, day: date) -> pl.DataFrame:
    """Change what becomes known on a day or later: changes of contracts do not come, contracts are
    others, every second contract ended in the weeks before, the others have no end.

    Nobody knew of these ends before that very day.
    """
    ended_on = pl.max_horizontal(
        pl.lit(day - DAY) - pl.duration(days=pl.col("user_id") % REPORTED_LATE_DAYS),
        pl.col("started_on") + DAY,
    )
    is_later = pl.col("known_on") >= day
    is_first = pl.col("started_on") == pl.col("started_on").min().over("subscription_id")
    is_open = is_later | (pl.col("end_known_on") >= day).fill_null(value=True)
    ends = is_open & (pl.col("user_id") % 2 == 0) & (pl.col("started_on") < day - DAY)
    return terms.filter(~is_later | is_first).with_columns(
        price_minor=pl.when(is_later).then(pl.col("price_minor") * 7 + 1).otherwise("price_minor"),
        plan=pl.when(is_later).then(pl.lit("other")).otherwise("plan"),
        ended_on=pl.when(ends).then(ended_on).when(~is_open).then("ended_on"),
        end_known_on=pl.when(ends).then(pl.lit(day)).when(~is_open).then("end_known_on"),
        end_kind=pl.when(ends).then(pl.lit("payment_failed")).when(~is_open).then("end_kind"),
    )


def _new_terms(terms: pl.DataFrame, day: date) -> pl.DataFrame:
    """Of every second person a contract that began the day before, and is known from the day on."""
    first = terms.filter(pl.col("user_id") % 2 > 0).unique(
        "user_id", keep="first", maintain_order=True
    )
    nothing = pl.lit(None)
    return first.with_columns(
        subscription_id=pl.lit(LATER_ID) + pl.col("subscription_id"),
        started_on=pl.lit(day - DAY),
        known_on=pl.lit(day),
        price_minor=pl.lit(99_999, pl.Int64),
        **{
            name: nothing.cast(terms.schema[name])
            for name in ("ended_on", "end_known_on", "end_kind", "trial_end_on")
        },
    )


def _other_payments(payments: pl.DataFrame, day: date) -> pl.DataFrame:
    is_later = pl.col("happened_on") >= day
    return payments.with_columns(
        status=pl.when(is_later).then(pl.lit("charged_back")).otherwise("status"),
        amount_minor=pl.when(is_later).then(pl.col("amount_minor") * 7).otherwise("amount_minor"),
    )


def _returned(known: Knowledge, day: date) -> pl.DataFrame:
    """On the very day a payment of every contract fails, that was due long before."""
    rows = known.payments.unique("subscription_id", keep="first", maintain_order=True)
    return rows.with_columns(happened_on=pl.lit(day), status=pl.lit("failed"))


def _other_facts(attributes: pl.DataFrame, begins_at: datetime) -> pl.DataFrame:
    return _exchanged(attributes, pl.col("known_from_at") >= begins_at)


def _new_versions(attributes: pl.DataFrame, begins_at: datetime) -> pl.DataFrame:
    """Of every fact a version that held a minute before, and is known from the very instant on."""
    rows = attributes.unique(
        ["entity", "listed_id", "attribute"], keep="first", maintain_order=True
    )
    latest = attributes["place"].max()
    return _exchanged(
        rows.with_columns(
            valid_from_at=pl.lit(begins_at - timedelta(minutes=1), pl.Datetime("us")),
            known_from_at=pl.lit(begins_at, pl.Datetime("us")),
            place=pl.col("place") + pl.lit(latest) + 1,
        ),
        pl.lit(value=True),
    ).select(*types_of("attributes"))


def _exchanged(attributes: pl.DataFrame, chosen: pl.Expr) -> pl.DataFrame:
    """Exchange the values of the chosen rows: the other word, another amount, another day."""
    word = pl.col("value").replace(OTHER_WORDS)
    is_amount = pl.col("attribute") == facts.COST
    is_day = pl.col("attribute").is_in([facts.OPENS, facts.CLOSES])
    other = (
        pl.when(is_amount)
        .then(pl.lit("77.00"))
        .when(is_day)
        .then(pl.col("value").str.replace(r"^\d{4}", "2001"))
        .otherwise(word)
    )
    return attributes.with_columns(value=pl.when(chosen).then(other).otherwise("value"))

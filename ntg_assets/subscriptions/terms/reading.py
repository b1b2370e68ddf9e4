"""Read contracts: every row is a term that can be believed, a copy, or refused with its reason."""

from typing import Any, NamedTuple

import polars as pl

from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.subscriptions import SubscriptionSourceSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.local_days import day_of, local_days
from ntg_assets.sources.optional_files import FileRows
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.ids import as_log_id
from ntg_assets.sources.values.words import meanings
from ntg_assets.subscriptions.terms.amounts import minor_amounts
from ntg_assets.subscriptions.terms.billing import period_lengths
from ntg_assets.subscriptions.terms.configured_rows import read_configured
from ntg_assets.subscriptions.terms.contracts import CANCELLED, NOT_CONVERTED, PAYMENT_FAILED
from ntg_assets.subscriptions.terms.distinct_texts import read_distinct
from ntg_assets.subscriptions.terms.refused_rows import quarantined, raise_if_too_many
from ntg_assets.subscriptions.terms.term_checks import ENDLESS_YEAR, describe_terms
from ntg_assets.subscriptions.terms.term_order import (
    close_terms,
    validate_in_order,
    with_first_trials,
)
from ntg_assets.subscriptions.terms.term_rules import DAYS_IN, validate_terms

KEY = "ingest.subscriptions"
TERM_TYPES: dict[str, Any] = {
    "user_id": pl.String,
    "subscription_id": pl.String,
    "started_on": pl.Date,
    "ended_on": pl.Date,
    "known_on": pl.Date,
    "end_known_on": pl.Date,
    "plan": pl.String,
    "price_minor": pl.Int64,
    "currency": pl.String,
    "period_months": pl.Int64,
    "period_days": pl.Int64,
    "trial_end_on": pl.Date,
    "end_kind": pl.String,
}
ONE_PLAN = "all"
ANY_TIME = PossibleTimes()
OPEN_ENDED = ("ended", "end_known", "trial")  # in which a far day means none
SETTINGS = {  # which names the column of each text that is read
    "listed_id": "user_id",
    "subscription_id": "subscription_id",
    "started": "started_at",
    "ended": "ended_at",
    "known": "known_from",
    "end_known": "end_known_from",
    "trial": "trial_ended_at",
    "plan_text": "plan",
    "price_text": "price",
    "currency_text": "currency",
    "period_text": "billing_period",
    "reason_text": "end_reason",
}


class ReadTerms(NamedTuple):
    """A table of contracts as it was read.

    Attributes:
        terms: Rows of `subscription_terms`.
        refused: Rows of `subscription_quarantine`.
        checks: Rows of `subscription_checks`, without those that need the log.
        n_files: Files that were read.
    """

    terms: pl.DataFrame
    refused: pl.DataFrame
    checks: pl.DataFrame
    n_files: int

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        size = (
            f"{self.terms.height:,} terms of {self.terms['subscription_id'].n_unique():,} contracts"
            f" in {self.n_files:,} file(s)"
        )
        said = self.checks.filter(pl.col("n_rows") > 0)["sentence"].to_list()
        return "; ".join([size, *(sentence.rstrip(".") for sentence in said)])


def no_terms(ids: IdTypes) -> pl.DataFrame:
    """Terms of a service without contracts."""
    return pl.DataFrame(schema=term_types(ids))


def term_types(ids: IdTypes) -> dict[str, Any]:
    """Types of `subscription_terms` with the id type of the log."""
    return TERM_TYPES | {"user_id": pl.Int64 if ids.user == "integer" else pl.String}


def read_subscriptions(
    source: SubscriptionSourceSettings,
    *,
    place: Place,
    ids: IdTypes,
    zone: str,
    possible: PossibleTimes = ANY_TIME,
) -> ReadTerms:
    """Read and judge the contracts.

    Args:
        source: Files, columns, words.
        place: Where files may lie.
        ids: How the log writes ids.
        zone: Zone whose midnights begin the days.
        possible: From when on a term can have begun.

    Raises:
        SourceError: a file is missing or damaged, or more rows are refused than `max_bad_share`.
    """
    read = _read(source, place=place, zone=zone)
    rows = _typed(read.rows, source=source, ids=ids, zone=zone)
    distinct = _without_copies(rows)
    alone = validate_terms(with_first_trials(distinct), earliest_on=day_of(possible.earliest, zone))
    judged = validate_in_order(alone, longest_gap_days=source.longest_gap_days)
    refused = judged.filter(pl.col("reason").is_not_null())
    raise_if_too_many(refused, n_rows=read.rows.height, limit=source.max_bad_share, key=KEY)
    kept = judged.filter(pl.col("reason").is_null(), ~pl.col("is_superseded"))
    n_copies, n_superseded = rows.height - distinct.height, int(judged["is_superseded"].sum())
    return ReadTerms(
        typed(close_terms(kept), term_types(ids)),
        quarantined(refused, "subscriptions"),
        describe_terms(kept, refused, n_copies=n_copies, n_superseded=n_superseded, source=source),
        read.n_files,
    )


def _read(source: SubscriptionSourceSettings, *, place: Place, zone: str) -> FileRows:
    """Rows of the files as they are written."""
    return read_configured(
        source,
        SETTINGS,
        ids=("listed_id", "subscription_id"),
        times=tuple(DAYS_IN),
        key=KEY,
        place=place,
        zone=zone,
    )


def _without_copies(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that differ in more than their place; the first of each."""
    said = [name for name in rows.columns if name not in {"place", "file_name"}]
    return rows.unique(said, keep="first", maintain_order=True)


def contract_ids(texts: pl.Expr) -> pl.Expr:
    """Contracts as both tables name them: blanks around an id, and the `.0` of a library without
    nullable integers, say nothing.
    """
    return texts.str.strip_chars().str.replace(r"^([0-9]+)\.0+$", "${1}")


def _typed(
    rows: pl.DataFrame, *, source: SubscriptionSourceSettings, ids: IdTypes, zone: str
) -> pl.DataFrame:
    """Read every text as what it should be; null where it is not."""
    days, is_endless = _days(rows, zone)
    user = as_log_id(pl.col("listed_id"), ids.user)
    dated = rows.with_columns(
        **days,
        is_endless=is_endless,
        subscription_id=contract_ids(pl.col("subscription_id")),
        user_id=user.cast(pl.Int64) if ids.user == "integer" else user,
        plan=pl.lit(ONE_PLAN) if source.plan is None else pl.col("plan_text"),
    )
    texts = ("price_text", "currency_text", "period_text", "reason_text")
    return read_distinct(dated, texts, _meanings(source))


def _meanings(source: SubscriptionSourceSettings) -> dict[str, pl.Expr]:
    """What the texts of a row say of money, periods and ends."""
    currency = (
        pl.lit(source.constant_currency)
        if source.currency is None
        else pl.col("currency_text").str.to_uppercase()
    )
    period = (
        pl.lit(source.constant_billing_period)
        if source.billing_period is None
        else pl.col("period_text")
    )
    price, price_reason = minor_amounts(pl.col("price_text"), currency, unit=source.price_unit)
    months, period_days = period_lengths(period)
    return {
        "currency": currency,
        "period_written": period,
        "period_months": months,
        "period_days": period_days,
        "price_minor": price,
        "price_reason": price_reason,
        "end_kind": _kind(source),
    }


def _days(rows: pl.DataFrame, zone: str) -> tuple[dict[str, pl.Series], pl.Series]:
    """Days of each term by name, ends beyond all plans left out; which terms have such an end."""
    days = {f"{name}_on": local_days(rows[f"{name}_at"], zone) for name in DAYS_IN}
    is_far = {
        f"{name}_on": (days[f"{name}_on"].dt.year() >= ENDLESS_YEAR).fill_null(value=False)
        for name in OPEN_ENDED
    }
    return days | {name: days[name].set(far, None) for name, far in is_far.items()}, is_far[
        "ended_on"
    ]


def _kind(source: SubscriptionSourceSettings) -> pl.Expr:
    """How a contract ended, by its reason."""
    kinds = {
        word: kind
        for kind, words in (
            (CANCELLED, source.cancelled),
            (PAYMENT_FAILED, source.payment_failed),
            (NOT_CONVERTED, source.not_converted),
        )
        for word in words
    }
    return pl.col("reason_text").map_batches(
        lambda reasons: meanings(reasons, kinds), return_dtype=pl.String
    )

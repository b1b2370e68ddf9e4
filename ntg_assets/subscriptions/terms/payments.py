"""Read payments: every row is an attempt that can be believed, or refused with its reason."""

from datetime import date
from typing import Any, Literal, NamedTuple

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import (
    PaymentSourceSettings,
    SubscriptionSourceSettings,
)
from ntg_assets.local_days import day_of, local_days
from ntg_assets.sources.optional_files import FileRows
from ntg_assets.sources.reading.refused_values import PossibleTimes
from ntg_assets.sources.sources import Place
from ntg_assets.sources.values.words import meanings
from ntg_assets.subscriptions.terms.amounts import (
    CODE,
    minor_amounts,
)
from ntg_assets.subscriptions.terms.configured_rows import read_configured
from ntg_assets.subscriptions.terms.contracts import CHARGED_BACK, REFUNDED, STATUSES
from ntg_assets.subscriptions.terms.distinct_texts import read_distinct
from ntg_assets.subscriptions.terms.payment_checks import (
    beside_contracts,
    copies_and_blanks,
    too_late,
)
from ntg_assets.subscriptions.terms.payment_currencies import with_currencies
from ntg_assets.subscriptions.terms.reading import ANY_TIME, contract_ids
from ntg_assets.subscriptions.terms.refused_rows import quarantined, raise_if_too_many
from ntg_assets.subscriptions.terms.row_problems import (
    NO_DAY,
    NOTHING,
    Problem,
    with_first_problem,
)
from ntg_assets.subscriptions.terms.term_checks import CHECK_TYPES, refusals
from ntg_assets.subscriptions.terms.term_rules import too_early

KEY = "ingest.payments"
SETTINGS = {  # which names the column of each text that is read
    "subscription_id": "subscription_id",
    "happened": "happened_at",
    "due": "due_at",
    "status_text": "status",
    "price_text": "amount",
    "currency_text": "currency",
}
TIMES = ("happened", "due")
GIVEN_BACK = (REFUNDED, CHARGED_BACK)
PAYMENT_TYPES: dict[str, Any] = {
    "subscription_id": pl.String,
    "place": pl.Int64,
    "happened_on": pl.Date,
    "due_on": pl.Date,
    "status": pl.String,
    "amount_minor": pl.Int64,
    "currency": pl.String,
}


class ReadPayments(NamedTuple):
    """A table of payments as it was read.

    Attributes:
        payments: Rows of `subscription_payments`.
        refused: Rows of `subscription_quarantine`.
        checks: Rows of `subscription_checks`.
        n_files: Files that were read.
    """

    payments: pl.DataFrame
    refused: pl.DataFrame
    checks: pl.DataFrame
    n_files: int

    @property
    def sentence(self) -> str:
        """What was found, in words."""
        counts = self.payments["status"].value_counts(sort=True)
        statuses = ", ".join(f"{n:,} {status}" for status, n in counts.iter_rows())
        size = f"{self.payments.height:,} payments in {self.n_files:,} file(s) ({statuses})"
        said = self.checks.filter(pl.col("n_rows") > 0)["sentence"].to_list()
        return "; ".join([size, *(sentence.rstrip(".") for sentence in said)])


def no_payments() -> pl.DataFrame:
    """Payments of a service that names none."""
    return pl.DataFrame(schema=PAYMENT_TYPES)


def read_payments(
    source: PaymentSourceSettings,
    subscriptions: SubscriptionSourceSettings,
    *,
    terms: pl.DataFrame,
    place: Place,
    zone: str,
    possible: PossibleTimes = ANY_TIME,
) -> ReadPayments:
    """Read and judge the payments.

    Args:
        source: Files, columns, words.
        subscriptions: Settings of the contracts they are for.
        terms: `subscription_terms`; payments for contracts that are not there are counted and kept.
        place: Where files may lie.
        zone: Zone whose midnights begin the days.
        possible: When an attempt can have been made.

    Raises:
        SourceError: a file is missing or damaged, or more rows are refused than `max_bad_share`.
    """
    read = _read(source, place=place, zone=zone)
    dated = _dated(read.rows, zone=zone)
    placed = with_currencies(dated, source, subscriptions, terms=terms)
    typed = _typed(placed, source=source, unit=subscriptions.price_unit)
    rows = _judged(typed, source, earliest_on=day_of(possible.earliest, zone))
    refused = rows.filter(pl.col("reason").is_not_null())
    raise_if_too_many(refused, n_rows=rows.height, limit=source.max_bad_share, key=KEY)
    named = [pl.col(name).cast(dtype) for name, dtype in PAYMENT_TYPES.items()]
    kept = rows.lazy().filter(pl.col("reason").is_null()).select("happened_at", *named).collect()
    return ReadPayments(
        kept.select(list(PAYMENT_TYPES)),
        quarantined(refused, "payments"),
        _checks(kept, refused, source, terms=terms, possible=possible),
        read.n_files,
    )


def _read(source: PaymentSourceSettings, *, place: Place, zone: str) -> FileRows:
    """Rows of the files as they are written."""
    return read_configured(
        source,
        SETTINGS,
        ids=("subscription_id",),
        times=TIMES,
        key=KEY,
        place=place,
        zone=zone,
    )


def _checks(
    kept: pl.DataFrame,
    refused: pl.DataFrame,
    source: PaymentSourceSettings,
    *,
    terms: pl.DataFrame,
    possible: PossibleTimes,
) -> pl.DataFrame:
    """What is worth knowing of payments, as rows of `subscription_checks`."""
    checks = [
        *beside_contracts(kept, terms),
        *too_late(kept["happened_at"], possible),
        *copies_and_blanks(kept, source),
        *refusals(refused),
    ]
    return pl.DataFrame([("payments", *row) for row in checks], schema=CHECK_TYPES, orient="row")


def _dated(rows: pl.DataFrame, *, zone: str) -> pl.DataFrame:
    """Add the day of each attempt and the day on which it was due."""
    days = {f"{name}_on": local_days(rows[f"{name}_at"], zone) for name in TIMES}
    contract = contract_ids(pl.col("subscription_id"))
    dated = rows.with_columns(**days, subscription_id=contract)
    return dated.with_columns(due_on=pl.coalesce("due_on", "happened_on"))


def _typed(
    rows: pl.DataFrame, *, source: PaymentSourceSettings, unit: Literal["major", "minor"]
) -> pl.DataFrame:
    """Read status and amount; what was given back may be written with a minus."""
    words = {word: status for status in STATUSES for word in getattr(source, status)}
    status = pl.col("status_text").map_batches(
        lambda texts: meanings(texts, words), return_dtype=pl.String
    )
    unsigned = (
        pl.when(status.is_in(GIVEN_BACK))
        .then(pl.col("price_text").str.strip_prefix("-"))
        .otherwise("price_text")
    )
    amount, reason = minor_amounts(unsigned, pl.col("currency"), unit=unit)
    return read_distinct(
        rows.with_columns(pl.col("currency").cast(pl.String)),
        ("status_text", "price_text", "currency"),
        {"status": status, "amount_minor": amount, "amount_reason": reason},
    )


def _judged(
    rows: pl.DataFrame, source: PaymentSourceSettings, *, earliest_on: date
) -> pl.DataFrame:
    """Add the first thing that is wrong with each row: `column_name`, `reason`, `found`."""
    status, amount = pl.col("status_text"), pl.col("price_text")
    unknown = "is none that the configuration knows"
    problems = [
        Problem("contract", "is empty", NOTHING, pl.col("subscription_id").is_null()),
        Problem("day", NO_DAY, pl.col("happened_text"), pl.col("happened_on").is_null()),
        *too_early("day", "happened_on", earliest_on),
        Problem("status", unknown, status, pl.col("status").is_null()),
    ]
    if source.currency is not None:
        is_code = pl.col("currency").str.contains(CODE).fill_null(value=False)
        code = pl.col("currency_text")
        problems.append(Problem("currency", "is not three letters", code, ~is_code))
    if source.amount is not None:
        broken = pl.col("amount_minor").is_null() & amount.is_not_null()
        problems.append(Problem("amount", pl.col("amount_reason"), amount, broken))
    return with_first_problem(rows, problems)

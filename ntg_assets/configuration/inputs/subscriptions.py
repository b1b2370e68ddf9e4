"""Contracts and payments: files, columns, what words in them mean, and what is learned of them."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.configuration.section import Section

Word = Annotated[str, Field(min_length=1)]
CURRENCY = re.compile(r"[A-Z]{3}")
Code = Annotated[
    str, BeforeValidator(lambda code: str(code).strip().upper()), Field(pattern=r"^[A-Z]{3}$")
]
ISO_DAY = r"^\d{4}-\d{2}-\d{2}$"


class SubscriptionSourceSettings(FileSource, TimeOptions, NumberOptions):
    """One row per contract, or per term of it (a price or a plan from a day on)."""

    user_id: ColumnName = "user_id"
    """Column with the user; ids as in `ingest.events`."""
    subscription_id: ColumnName = "subscription_id"
    """Column with the contract; rows of one contract are its terms."""
    started_at: ColumnName = "started_at"
    """Column with the first day (or the time) of the term."""
    ended_at: ColumnName = "ended_at"
    """Column with the first day without it (or the time of the end); empty: it runs."""
    known_from: ColumnName | None = None
    """Column with when the term was known (a change of plan that was announced); null: when it
    started.
    """
    end_known_from: ColumnName | None = None
    """Column with when the end was known (a cancellation that takes effect later, a payment that
    failed); null: when it ended.
    """
    plan: ColumnName | None = "plan"
    """Column with the plan; null: there is one."""
    price: ColumnName = "price"
    """Column with the price of one billing period."""
    price_unit: Literal["major", "minor"] = "major"
    """Whether amounts are written in the currency's unit (9.99) or in its smallest one (999)."""
    currency: ColumnName | None = None
    """Column with the currency (three letters); null: all are in `constant_currency`."""
    constant_currency: str | None = None
    billing_period: ColumnName | None = "billing_period"
    """Column with the billing period (month, year, week, 30 days, P3M); null: all have
    `constant_billing_period`.
    """
    constant_billing_period: str = "month"
    trial_ended_at: ColumnName | None = None
    """Column with the first day (or the time) after a trial; empty: no trial."""
    end_reason: ColumnName | None = None
    """Column with why it ended; null: a contract that ends with its trial was not converted, the
    others were cancelled.
    """
    cancelled: list[Word] = Field(default=["cancelled", "canceled", "voluntary"])
    """Reasons that mean: cancelled."""
    payment_failed: list[Word] = Field(
        default=["payment_failed", "involuntary", "unpaid", "dunning"]
    )
    """Reasons that mean: a payment failed."""
    not_converted: list[Word] = Field(default=["not_converted", "trial_expired"])
    """Reasons that mean: the trial was not continued."""
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Share of rows (0-1) that may be refused; above it the source is not used at all."""
    longest_gap_days: int = Field(default=1, ge=0)
    """Days between two terms of one contract that are no interruption (ends written as 23:59)."""

    @field_validator("constant_currency")
    @classmethod
    def _is_currency(cls, code: str | None) -> str | None:
        if code is not None and not CURRENCY.fullmatch(code):
            raise ValueError("must be a currency's three letters in capitals (USD, EUR, GBP)")
        return code

    @model_validator(mode="after")
    def _has_a_currency(self) -> "SubscriptionSourceSettings":
        if (self.currency is None) == (self.constant_currency is None):
            raise ValueError(
                "name the column with the currency (`currency`), or the one currency of all"
                " amounts (`constant_currency: EUR`)"
            )
        return self


class PaymentSourceSettings(FileSource, TimeOptions, NumberOptions):
    """One row per attempt to take money, or to give it back."""

    subscription_id: ColumnName = "subscription_id"
    happened_at: ColumnName = "happened_at"
    """Column with the day or time of the attempt."""
    due_at: ColumnName | None = None
    """Column with the day on which it was due; null: when it happened."""
    status: ColumnName = "status"
    """Column with what came of it."""
    amount: ColumnName | None = "amount"
    """Column with the amount, in the unit of `ingest.subscriptions.price_unit`."""
    currency: ColumnName | None = None
    """Column with the currency; null: that of the contract."""
    paid: list[Word] = Field(default=["paid", "succeeded"])
    """What `status` holds where money came."""
    failed: list[Word] = Field(default=["failed", "declined"])
    """Where none came."""
    refunded: list[Word] = Field(default=["refunded"])
    """Where it was given back."""
    charged_back: list[Word] = Field(default=["charged_back", "chargeback", "disputed"])
    """Where the bank took it back."""
    max_bad_share: float = Field(default=0.01, ge=0, le=1)
    """Share of rows (0-1) that may be refused; above it the source is not used at all."""


class ConversionSettings(Section):
    """Fixed rates, so that several currencies can be shown as one."""

    currency: Code
    """What amounts are converted into."""
    rates: dict[Code, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(min_length=1)
    """What one unit of each other currency is worth in it (`{USD: 0.92}`)."""
    rates_of: Annotated[str, Field(pattern=ISO_DAY)]
    """Day of the rates: it is shown wherever a converted amount is."""


class SubscriptionSettings(Section):
    """What is learned of contracts."""

    signals: dict[str, list[Word]] = Field(default_factory=dict)
    """Event types that may announce an end, by what they are called in reasons (`{support:
    [support_ticket], downgrade: [viewed_downgrade]}`); their number in 30 days counts.
    """
    attributes: list[Word] = Field(default_factory=list)
    """Attributes of users (`ingest.attributes`) that the hazard may use. None is used that does not
    stand here: age, sex and the like only where somebody decided so.
    """
    sleeper_days: int = Field(default=30, ge=1)
    """A subscriber without an event for so many days sleeps: pays, and does not watch."""
    win_back_days: int = Field(default=365, ge=30)
    """Days since the end of the last contract in which somebody counts as having left and may be
    won back; later nobody is forecast or asked for.
    """
    max_fit_rows: int = Field(default=200_000, ge=100)
    """Most (contract, snapshot) rows of the fit; beyond it every k-th contract is looked at."""
    regularisation: float = Field(default=0.1, gt=0)
    """Inverse strength C of the L2 penalty on standardised features."""
    margin: float = Field(default=1.0, gt=0, le=1)
    """Share of the price that is left after what a subscriber costs (fees, royalties)."""
    conversion: ConversionSettings | None = None
    """Rates for one total over currencies; null: each currency is reported apart."""
    acquisition_cost: Word | None = None
    """Attribute of users with what it cost to win them, in the unit of prices."""
    acquisition_channel: Word | None = None
    """Attribute of users with the channel they came by."""

"""What a user is worth, and who is contacted."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from ntg_assets.configuration.handover import HandoverSettings, TakenSettings
from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.spellings import as_files
from ntg_assets.configuration.inputs.written_values import NumberOptions, TimeOptions
from ntg_assets.configuration.section import Section

INDEX = "index"  # the one unit that is no money


class ValueSettings(Section):
    """The unit and the horizon of lifetime value."""

    unit: str = INDEX
    """`index` (relative priority, never a currency),
    or the currency of prices or observed revenue by its ISO 4217 code: usd, eur.
    """
    basis: Literal["active_days", "event_value"] = "active_days"
    """What is counted: active days times `price_per_active_day`,
    or the sum of event values (observed revenue).
    """
    price_per_active_day: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """What an active day is worth in `unit`;
    null: 1 index point. A currency without a price is refused.
    """
    horizon_days: int = Field(default=365, ge=1)
    """Finite horizon of the estimate."""
    annual_discount: float = Field(default=0.10, ge=0, lt=1)
    """What value a year away is discounted by."""
    regularisation: float = Field(default=0.01, gt=0)
    """L2 penalty of the value model on standardised features: pulls a user's value towards the
    mean.
    """

    @property
    def day_price(self) -> float:
        """Value of one active day; 1 index point unless a price is stated."""
        return 1.0 if self.price_per_active_day is None else self.price_per_active_day

    @field_validator("unit")
    @classmethod
    def _is_index_or_currency(cls, unit: str) -> str:
        if not re.fullmatch(r"index|[a-z]{3}", unit):
            msg = "must be index or a currency's three letters in lower case (usd, eur, gbp)"
            raise ValueError(msg)
        return unit

    @model_validator(mode="after")
    def _currency_has_a_price(self) -> "ValueSettings":
        if self.unit != INDEX and self.basis == "active_days" and self.price_per_active_day is None:
            msg = (
                f"unit is {self.unit} and basis active_days, but nothing says what an active day is"
                " worth: set price_per_active_day, count the amounts of the log (basis:"
                f" event_value), or keep unit: {INDEX}"
            )
            raise ValueError(msg)
        return self


class StrategySettings(Section):
    """One way of choosing whom to contact."""

    name: str = Field(min_length=1)
    objective: Literal[
        "revenue_at_risk",
        "expected_profit",
        "high_value",
        "early_warning",
        "persuadability",
        "random",
        "win_back",
    ]
    """What comes first: the risk, the profit, the value of the risky,
    the rise of risk, the measured uplift, chance (exploration). `win_back` alone asks for people
    whose contract has ended, by the profit of winning them back; no other objective does.
    """
    save_rate: float = Field(default=0.1, ge=0, le=1)
    """Assumed share of leaving users whom a contact keeps; of `win_back`: the share by which a
    contact raises the chance to return. Measured only by a randomised trial.
    """
    offer_cost: float = Field(default=0.0, ge=0)
    """Cost of the offer when it is taken, in the unit of value."""
    stayer_take_up: float = Field(default=1.0, ge=0, le=1)
    """Assumed share of those who would have stayed anyway and take the offer too;
    1 is the cautious end.
    """
    contact_cost: float = Field(default=0.0, ge=0)
    """Cost of one contact, in the unit of value."""
    budget: float | None = Field(default=None, ge=0)
    """Most that may be spent; null: no limit."""
    action: str = Field(default="contact", min_length=1)
    """What the CRM is to do with who is contacted, in its own words (`offer_half_price`)."""
    channel: str | None = Field(default=None, min_length=1)
    """By which channel (`email`, `push`, `phone`); null: the CRM decides."""
    sleepers: bool = False
    """Whether people are contacted, too, who pay and do not watch: a contact may be what ends their
    contract.
    """


class UserListSettings(FileSource):
    """A list of users: files, and what the column of ids is called in them."""

    user_id: ColumnName = "user_id"


class ExclusionListSettings(UserListSettings):
    """A list of users with the reason for each."""

    reason: ColumnName = "reason"


class ContactLogSettings(FileSource, TimeOptions):
    """Who was contacted when: files (NTG's own log: `outputs/radar/assignments/*.parquet`), and
    what the columns are called in them.
    """

    user_id: ColumnName = "user_id"
    contacted_at: ColumnName = "assigned_on"
    """Column with the contact's day in the service's zone, or its time
    (without an offset in `timezone`).
    """
    action: ColumnName | None = "action"
    """Column that tells contacts from other rows; null: every row is a contact."""
    contact_value: str = "contact"
    """What that column holds for a contact."""


class TrialSettings(FileSource, TimeOptions, NumberOptions):
    """Log of a randomised contact programme, from which uplift is measured: files (NTG's own:
    `outputs/radar/assignments/*.parquet`), and what the columns are called in them.
    """

    user_id: ColumnName = "user_id"
    assigned_at: ColumnName = "assigned_on"
    """Column with the day, in the service's zone, or the time
    (without an offset in `timezone`) from which outcomes count.
    """
    arm: ColumnName = "arm"
    treated: str = "contact"
    """What the column `arm` holds for the treated."""
    control: str = "holdout"
    """What it holds for those held out."""
    propensity: ColumnName | None = "propensity"
    """Column with the probability of treatment; null: the share of the treated,
    for a trial with one fixed share.
    """
    window_days: int | None = Field(default=None, ge=1)
    """Value counts in `[assigned, assigned + window)`; null: the churn horizon."""


class RadarSettings(Section):
    """Strategies and the policy they obey."""

    strategies: list[StrategySettings] = Field(min_length=1)
    capacity: int = Field(default=100, ge=1)
    """Most users that one strategy may contact in one night."""
    opt_out_file: Annotated[UserListSettings | None, BeforeValidator(as_files)] = None
    """Users who must not be contacted: the path of a file with a column `user_id`, or the files
    described (`{files: out.csv, delimiter: ";", user_id: Kunde}`).
    """
    exclusion_file: Annotated[ExclusionListSettings | None, BeforeValidator(as_files)] = None
    """Users who are left out on other grounds (an open complaint, staff): the path of a file with
    columns `user_id` and `reason`, or the files described.
    """
    contact_log: Annotated[ContactLogSettings | None, BeforeValidator(as_files)] = None
    """Log of past contacts, for the cap: a path, or the files described; null: no cap."""
    unmatched_lists: Literal["withhold", "accept"] = "withhold"
    """What a list means that is not empty and names no user of the log: it is of other ids,
    so nobody is contacted, or it is right.
    """
    trial: TrialSettings | None = None
    """Randomised programme whose uplift the strategy `persuadability` ranks by;
    null: it assumes the save rate, and says so.
    """
    handover: HandoverSettings = Field(default_factory=HandoverSettings)
    """What the CRM is given."""
    taken: TakenSettings = Field(default_factory=TakenSettings)
    """How it reports back."""
    max_contacts: int = Field(default=1, ge=1)
    """Most contacts of one user within `contact_window_days`, over all strategies."""
    contact_window_days: int = Field(default=30, ge=1)
    """Days before the cutoff in which past contacts count."""
    holdout_share: float = Field(default=0.1, ge=0, lt=1)
    """Random share of users who are never contacted, so that the programme can be measured."""
    holdout_salt: str = "radar-holdout"

    @model_validator(mode="after")
    def _names_are_unique(self) -> "RadarSettings":
        names = [strategy.name for strategy in self.strategies]
        if len(set(names)) < len(names):
            msg = f"two strategies have one name: {min(n for n in names if names.count(n) > 1)}"
            raise ValueError(msg)
        if missing := sorted({*self.handover.strategies} - {*names}):
            raise ValueError(f"handover.strategies names {missing[0]!r}, which is no strategy")
        return self

"""Contracts of the lists of users: what was read, how it meets the log, what it withholds."""

import polars as pl

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.revenue.contacts.lists.listed_rows import LISTS
from ntg_assets.revenue.contacts.lists.user_list_report import ALL_KEYS
from ntg_assets.summaries import summary


@contract("user_lists")
class UserListsTable(Contract):
    """One row per row of a configured list of users,
    read once at the start of the run. No key: lists repeat themselves.
    """

    list: str = column("opt_outs, exclusions, or contacts of the past", isin=LISTS)
    file_name: str = column("File, relative to the project folder")
    listed_id: str = column(
        "User, as the list writes the id; null: the row holds none", nullable=True
    )
    detail: str = column("Reason of an exclusion", nullable=True)
    contacted_on: pl.Date = column(
        "Day of a contact in the service's zone", unit="date", nullable=True
    )


@contract("trial_log")
class TrialLogTable(Contract):
    """One row per user of the configured contact trial,
    read once at the start of the run; no rows without a trial.
    """

    listed_id: str = column("User as text, written as in the log of events where it can be")
    assigned_on: pl.Date = column(
        "First day, in the service's zone, on which the user was given an arm", unit="date"
    )
    is_treated: bool = column("Whether the user was treated")
    propensity: float = column("Probability of treatment", unit="probability", gt=0, lt=1)

    class Config(Contract.Config):
        unique = ["listed_id"]


@contract("user_list_report")
@summary(
    measures={
        "n_lists": "count(*)",
        "n_unusable": "count(*) filter (not is_usable)",
        "n_ids": "coalesce(sum(n_ids), 0)",
        "n_users": "coalesce(sum(n_users), 0)",
        "n_not_found": "coalesce(sum(n_not_found), 0)",
    },
)
class UserListReport(Contract):
    """One row per configured list of users: how its ids meet the users of the log. n_found + n_near
    + n_not_found = n_ids.
    """

    list: str = column(
        "opt_outs, exclusions, contacts of the past, or the contact trial", isin=tuple(ALL_KEYS)
    )
    source: str = column("Configuration key")
    files: str = column("Files or globs as configured, joined by ', '")
    n_rows: int = column("Rows of the list", ge=0)
    n_blank: int = column("Rows without an id", ge=0)
    n_ids: int = column("Different ids, as they are written", ge=0)
    n_found: int = column(
        "Ids that are a user of the log, by the rule by which the log compares ids", ge=0
    )
    n_near: int = column(
        "Ids that are none, but differ from one only by spaces, unseen characters, case, quotes,"
        " zeros or a .0",
        ge=0,
    )
    n_not_found: int = column("Ids that are no user of the log", ge=0)
    n_users: int = column("Users of the log that it names", ge=0)
    n_users_nearly: int = column(
        "Those that it names only nearly: they count as listed, but not as part of a trial", ge=0
    )
    is_usable: bool = column(
        "Whether it can be relied on: it was read, and is empty or names somebody"
    )
    reason: str = column("Why not, or what a person should look at; null: nothing", nullable=True)

    class Config(Contract.Config):
        unique = ["list"]


@contract("contact_holds")
@summary(
    measures={
        "n_reasons": "count(*)",
        "n_sources": "count(distinct source)",
        "n_rules": "count(distinct rule)",
    },
)
class ContactHolds(Contract):
    """One row per reason to withhold every contact list; no rows: the lists go out."""

    source: str = column("Configuration key or table that the reason comes from")
    rule: str = column("What does not hold")
    sentence: str = column("The reason, for people")
    value: float = column("The number that was looked at; null: there is none", nullable=True)
    limit: float = column("From where on it is a reason; null: there is none", nullable=True)

    class Config(Contract.Config):
        unique = ["source", "rule"]

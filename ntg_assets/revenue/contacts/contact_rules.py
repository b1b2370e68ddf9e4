"""Who is on no contact list whatever a strategy says: whoever has not agreed, whoever's contract
has ended or is known to end, and whoever has a row among the contracts that cannot be believed,
since it may be that end. Who left and is asked to come back is left out when they are back already.
"""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

from ntg_assets.attributes.roles import without_consent
from ntg_assets.columns import typed
from ntg_assets.configuration.inputs.attributes import ConsentSettings
from ntg_assets.revenue.contacts.contact_candidates import LEFT
from ntg_assets.sources.values.ids import KnownIds, match_ids

NO_CONSENT, CONTRACT_ENDED, CONTRACT_ENDING, CONTRACT_REFUSED, CAME_BACK = RULES = (
    "no_consent",
    "contract_ended",
    "contract_ending",
    "contract_refused",
    "came_back",
)
RULE_TYPES: dict[str, Any] = {"user_id": pl.String, "exclusion": pl.String, "detail": pl.String}


def contact_rules(
    candidates: pl.DataFrame,
    terms: pl.DataFrame,
    attributes: pl.DataFrame,
    *,
    consent: ConsentSettings | None,
    at: datetime,
    on: date,
    longest_gap_days: int,
    refused: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """List who may not be contacted.

    A user with several contracts is left out when none of them runs, or when the end of all that
    run is known.

    Args:
        candidates: `contact_candidates`: everyone who could be on a list.
        terms: `subscription_terms` (or `known_terms`): what is known of contracts.
        attributes: What is known of users.
        consent: Who has agreed; None: nothing has to be agreed to.
        at: Instant at which consent counts.
        on: Day on which contracts count.
        longest_gap_days: Days between two terms of one contract that are no interruption.
        refused: `subscription_quarantine`; None: nothing was refused.

    Returns:
        `contact_rules`, by user: one row for each reason.
    """
    users = candidates["user_id"]
    left = candidates.filter(pl.col("basis") == LEFT)
    types = RULE_TYPES | {"user_id": users.dtype}
    parts = [pl.DataFrame(schema=types)]
    if consent is not None:
        not_agreed = without_consent(users, attributes, settings=consent, at=at)
        parts.append(not_agreed.with_columns(exclusion=pl.lit(NO_CONSENT)))
    ended = contract_rules(terms, on=on, longest_gap_days=longest_gap_days)
    parts.append(ended.join(left, on="user_id", how="anti"))
    if refused is not None:
        parts.append(refused_rules(refused, users))
    parts.append(came_back(terms, on=on).join(left, on="user_id", how="semi"))
    return pl.concat([typed(part, types) for part in parts]).sort("user_id", "exclusion")


def contract_rules(terms: pl.DataFrame, *, on: date, longest_gap_days: int) -> pl.DataFrame:
    """List the users whose contracts have ended by a day, or are all known to end.

    A term that is followed by one of its contract within `longest_gap_days` runs until that one
    starts, and is not known to end.
    """
    next_on = pl.col("started_on").shift(-1).over("subscription_id")
    follows = next_on <= pl.col("ended_on") + pl.duration(days=longest_gap_days)
    placed = terms.sort("subscription_id", "started_on").with_columns(
        is_open=pl.col("ended_on").is_null() | follows.fill_null(value=False),
        ended_on=pl.when(follows).then(next_on).otherwise("ended_on"),
    )
    started = placed.filter(pl.col("started_on") <= on)
    now = started.filter(pl.col("ended_on").is_null() | (pl.col("ended_on") > on))
    runs = now.group_by("user_id").agg(
        stays=pl.col("is_open").any(), ends_on=pl.col("ended_on").max()
    )
    ends = started.group_by("user_id").agg(last_end_on=pl.col("ended_on").max())
    by_user = ends.join(runs, on="user_id", how="left")
    ended, ending = by_user.filter(pl.col("stays").is_null()), by_user.filter(~pl.col("stays"))
    rules = [
        _ruled(ended, CONTRACT_ENDED, pl.format("the contract ended on {}", "last_end_on")),
        _ruled(ending, CONTRACT_ENDING, pl.format("the contract ends on {}", "ends_on")),
    ]
    return pl.concat(rules).sort("user_id")


def _ruled(users: pl.DataFrame, exclusion: str, detail: pl.Expr) -> pl.DataFrame:
    """Rows of one of `RULES`, with its reason in words."""
    return users.select("user_id", exclusion=pl.lit(exclusion), detail=detail)


def refused_rules(refused: pl.DataFrame, users: pl.Series) -> pl.DataFrame:
    """List the users of whom a row among the contracts was refused, in whatever spelling; the first
    such row is told.

    Args:
        refused: `subscription_quarantine`.
        users: Ids of the log.
    """
    rows = refused.filter(
        (pl.col("source") == "subscriptions") & pl.col("listed_id").is_not_null()
    ).sort("place")
    pairs = match_ids(rows["listed_id"], KnownIds(users)).pairs
    first = rows.unique("listed_id", keep="first", maintain_order=True)
    detail = pl.format(
        "row {} of {} cannot be believed ({} {})",
        pl.col("place") + 1,
        "file_name",
        "column_name",
        "reason",
    )
    return (
        pairs.join(first, on="listed_id", how="inner")
        .sort("known_id", "place")
        .unique("known_id", keep="first", maintain_order=True)
        .select(user_id="known_id", exclusion=pl.lit(CONTRACT_REFUSED), detail=detail)
    )


def came_back(terms: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """List the users who have a contract that runs on a day or begins later."""
    is_ahead = pl.col("ended_on").is_null() | (pl.col("ended_on") > on)
    began_on = pl.col("started_on").min()
    ahead = terms.filter(is_ahead).group_by("user_id").agg(began_on=began_on)
    detail = pl.format("has a contract again, from {}", "began_on")
    return _ruled(ahead, CAME_BACK, detail).sort("user_id")


def latest_instant(attributes: pl.DataFrame, at: datetime) -> datetime:
    """First instant after everything that the sources say is known and holds, but not before `at`:
    who took consent back after the end of the log has taken it back.
    """
    times = [attributes["known_from_at"].max(), attributes["valid_from_at"].max()]
    instants = [time + timedelta(microseconds=1) for time in times if isinstance(time, datetime)]
    return max([at, *instants])

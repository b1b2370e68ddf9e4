"""What is worth knowing of a table of contracts: counted, and said in one sentence each."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import SubscriptionSourceSettings
from ntg_assets.sources.values.words import plain_word
from ntg_assets.subscriptions.terms.row_problems import advise

CHECK_TYPES: dict[str, Any] = {
    "source": pl.String,
    "check": pl.String,
    "n_rows": pl.Int64,
    "first": pl.String,
    "is_refused": pl.Boolean,
    "sentence": pl.String,
}
ENDLESS_YEAR = 2099  # ends from it on are how databases write that there is none
SENTENCES = {
    "copy": "{n} rows are copies of another",
    "closed_by_next": "{n} terms have no end, but the contract's next term starts: they end there",
    "interruption": (
        "{n} times a contract goes on after a gap of more than {gap} day(s): it counts as ended and"
        " begun again"
    ),
    "price_change": "{n} price changes within a plan",
    "plan_change": "{n} changes of plan",
    "currency_change": (
        "{n} times a contract changes its currency: what it brought before and after is not"
        " compared"
    ),
    "superseded_same_day": (
        "{n} terms end on the day they start, and others of their contract do not: they count for"
        " nothing"
    ),
    "no_end_in_sight": (
        "{n} ends lie in {far} or later (first: contract {first}): they mean that there is none"
    ),
    "end_without_day": (
        "{n} terms say when their end was known, and not when they end (first: contract {first}):"
        " they count as running"
    ),
    "alike_plans": "{n} plans are written in several ways (first: {first}), and count as different",
    "same_day_end": "{n} terms end on the day they start: nobody was under contract on any day",
    "unknown_reason": (
        "{n} ends have a reason that the configuration does not know; they count as cancelled"
        " (first: {first})"
    ),
    "user_unknown_to_log": (
        "{n} of {users} subscribers never appear in the log: they pay and do nothing, or their ids"
        " differ"
    ),
    "several_contracts_at_once": "{n} users have several contracts at once: each ends for itself",
    "several_currencies": "{n} currencies: amounts of different ones are never added",
}


def describe_terms(
    kept: pl.DataFrame,
    refused: pl.DataFrame,
    *,
    n_copies: int,
    n_superseded: int,
    source: SubscriptionSourceSettings,
) -> pl.DataFrame:
    """Count what is worth knowing of the contracts.

    Args:
        kept: Terms that are believed, by contract and start, with what follows each.
        refused: Rows that are not, with their reasons.
        n_copies: Rows that were copies of another.
        n_superseded: Terms that lasted no day beside others of their contract.
        source: Settings of the source.

    Returns:
        Rows of `subscription_checks`.
    """
    gap, far = str(source.longest_gap_days), str(ENDLESS_YEAR)
    counted = {"copy": n_copies, "superseded_same_day": n_superseded}
    rows = [
        *(
            _check(name, matching, SENTENCES[name].replace("{gap}", gap).replace("{far}", far))
            for name, matching in _worth_knowing(kept).items()
        ),
        _alike_plans(kept["plan"]),
        *(_check(name, n, SENTENCES[name]) for name, n in counted.items()),
        *refusals(refused),
    ]
    return pl.DataFrame([("subscriptions", *row) for row in rows], schema=CHECK_TYPES, orient="row")


def _worth_knowing(kept: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The terms that are believed and of which something is said, by its name in `SENTENCES`."""
    continued = pl.col("next_start_on").is_not_null()
    same_plan = pl.col("plan") == pl.col("next_plan")
    sorts = {
        "closed_by_next": pl.col("is_closed_by_next"),
        "interruption": pl.col("is_interrupted"),
        "price_change": continued & same_plan & (pl.col("price_minor") != pl.col("next_price")),
        "plan_change": continued & ~same_plan,
        "currency_change": continued & (pl.col("currency") != pl.col("next_currency")),
        "same_day_end": pl.col("started_on") == pl.col("ended_on"),
        "unknown_reason": pl.col("reason_text").is_not_null() & pl.col("end_kind").is_null(),
        "no_end_in_sight": pl.col("is_endless"),
        "end_without_day": pl.col("end_known_on").is_not_null()
        & pl.col("ended_on").is_null()
        & ~pl.col("is_endless")
        & ~pl.col("is_closed_by_next"),
    }
    return {name: kept.filter(is_such) for name, is_such in sorts.items()}


def _alike_plans(plans: pl.Series) -> tuple[Any, ...]:
    """Plans that differ in upper and lower case or in blanks only."""
    alike: dict[str, list[str]] = {}
    for plan in plans.drop_nulls().unique().sort().to_list():
        alike.setdefault(plain_word(plan), []).append(plan)
    several = [names for names in alike.values() if len(names) > 1]
    first = " and ".join(map(repr, several[0])) if several else None
    sentence = SENTENCES["alike_plans"].format(n=f"{len(several):,}", first=first)
    return "alike_plans", len(several), first, False, sentence


def refusals(refused: pl.DataFrame) -> list[tuple[Any, ...]]:
    """One check for each reason of refusal."""
    grouped = refused.sort("place").group_by("column_name", "reason", maintain_order=True)
    return [
        (
            f"{word} {reason}",
            rows.height,
            rows["subscription_id"][0],
            True,
            _describe_refused(f"the {word} {reason}", rows),
        )
        for (word, reason), rows in grouped
    ]


def _describe_refused(what: str, rows: pl.DataFrame) -> str:
    place, contract, written = rows.select("place", "subscription_id", "found").row(0)
    example = f"row {place + 1}, contract {contract}, {written!r}"
    advice = advise(rows["reason"][0], rows["found"])
    return f"{rows.height:,} rows left out: {what} (first: {example}).{advice}"


def _check(name: str, rows: pl.DataFrame | int, sentence: str) -> tuple[Any, ...]:
    if isinstance(rows, int):
        return name, rows, None, False, sentence.format(n=f"{rows:,}")
    shown = "reason_text" if name == "unknown_reason" else "subscription_id"
    first = rows[shown][0] if rows.height else None
    return name, rows.height, first, False, sentence.format(n=f"{rows.height:,}", first=first)


def checks_with_log(terms: pl.DataFrame, known_users: pl.Series) -> pl.DataFrame:
    """Count what only shows beside the log and over contracts.

    Args:
        terms: `subscription_terms`.
        known_users: Users of the log.
    """
    users = terms["user_id"].unique()
    unknown = users.filter(~users.is_in(known_users.implode())).sort()
    at_once = _users_with_several_contracts(terms)
    currencies = terms["currency"].unique().sort().to_list()
    several = currencies if len(currencies) > 1 else []
    rows = [
        _seen("user_unknown_to_log", unknown, n_users=users.len()),
        _seen("several_contracts_at_once", at_once, n_users=users.len()),
        _seen("several_currencies", pl.Series(several, dtype=pl.String), n_users=users.len()),
    ]
    return pl.DataFrame([("subscriptions", *row) for row in rows], schema=CHECK_TYPES, orient="row")


def _seen(name: str, values: pl.Series, *, n_users: int) -> tuple[Any, ...]:
    first = None if values.is_empty() else str(values[0])
    sentence = SENTENCES[name].format(n=f"{values.len():,}", users=f"{n_users:,}")
    return name, values.len(), first, False, sentence


def _users_with_several_contracts(terms: pl.DataFrame) -> pl.Series:
    spans = (
        terms.filter(pl.col("ended_on").is_null() | (pl.col("ended_on") > pl.col("started_on")))
        .sort("user_id", "started_on", "subscription_id")
        .with_columns(
            latest=pl.col("ended_on")
            .fill_null(pl.date(9999, 12, 31))
            .cum_max()
            .shift(1)
            .over("user_id")
        )
    )
    return spans.filter(pl.col("started_on") < pl.col("latest"))["user_id"].unique().sort()


def concat_checks(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Put checks together, in order."""
    return pl.concat([pl.DataFrame(schema=CHECK_TYPES), *parts]).sort("source", "check")

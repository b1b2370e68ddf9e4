"""Monthly recurring revenue and how it moved, in whole minor units; and the same sums made another
way, to hold against it.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from ntg_assets.configuration.inputs.subscriptions import ConversionSettings
from ntg_assets.sql import Query, query
from ntg_assets.subscriptions.terms.amounts import decimals_of, monthly_amounts
from ntg_assets.subscriptions.terms.known_terms import without_gaps

MOVEMENTS = ("new", "reactivated", "expansion", "contraction", "churned")
AMOUNTS = ("start_minor", *(f"{name}_minor" for name in MOVEMENTS), "end_minor")
COUNTS = ("n_start", *(f"n_{name}" for name in MOVEMENTS), "n_end")


def months_of(terms: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """List the months from before the first contract to the cutoff.

    Returns:
        `month_on` (first day) and `next_on`: that of the next month, of the last one the cutoff.
    """
    begun = terms.filter(pl.col("started_on") < cutoff_on)
    if begun.is_empty():
        return pl.DataFrame(schema={"month_on": pl.Date, "next_on": pl.Date})
    first = begun.select(pl.col("started_on").min().dt.truncate("1mo")).item()
    days: list[date] = pl.date_range(first, cutoff_on, "1mo", eager=True).to_list()
    if days[-1] == cutoff_on:
        days.pop()
    return pl.DataFrame(
        {"month_on": days, "next_on": [*days[1:], cutoff_on]},
        schema={"month_on": pl.Date, "next_on": pl.Date},
    )


def priced(terms: pl.DataFrame) -> pl.DataFrame:
    """Add what each term brings per month, from when it is paid (after its trial), and until when
    (`without_gaps`).
    """
    price = monthly_amounts(*map(pl.col, ("price_minor", "period_months", "period_days")))
    paid_from = pl.max_horizontal("started_on", "contract_trial_end_on")
    return without_gaps(terms).with_columns(mrr_minor=price, paid_from_on=paid_from)


def revenue_waterfall(terms: pl.DataFrame, *, cutoff_on: date) -> Query:
    """Say month by month who is new, came back, pays more, pays less, or left.

    Args:
        terms: `known_terms`.
        cutoff_on: Day before which everything is known; the last month ends with it.

    Returns:
        `revenue_waterfall`: one row per (currency, month).
    """
    months = months_of(terms, cutoff_on=cutoff_on)
    days = pl.DataFrame(
        {"month_on": [*months["month_on"], cutoff_on]}, schema={"month_on": pl.Date}
    )
    wanted = priced(terms).select("user_id", "currency", "mrr_minor", "paid_from_on", "ended_on")
    user_months = query(
        "subscriptions.money", "user_months", {"known_terms": wanted, "months": days}
    )
    return query(
        "subscriptions.money", "revenue_waterfall", {"user_months": user_months, "months": months}
    )


def mrr_by_changes(terms: pl.DataFrame, *, cutoff_on: date) -> pl.DataFrame:
    """Add up the revenue of each month's first day from the days on which contracts begin and end:
    another way to `start_minor` and `end_minor`.

    Returns:
        One row per (currency, day) of the months' borders: `mrr_minor`.
    """
    months = months_of(terms, cutoff_on=cutoff_on)
    borders = pl.Series("day_on", [*months["month_on"], cutoff_on], dtype=pl.Date)
    summed = _changes(terms)
    tables = []
    for code in sorted(terms["currency"].unique().to_list()):
        own = summed.filter(pl.col("currency") == code).sort("day_on")
        level = own["change"].cum_sum()
        place = own["day_on"].search_sorted(borders, side="left")
        before = [0 if at == 0 else int(level[at - 1]) for at in place.to_list()]
        tables.append(pl.DataFrame({"currency": code, "day_on": borders, "mrr_minor": before}))
    types = {"currency": pl.String, "day_on": pl.Date, "mrr_minor": pl.Int64}
    return pl.concat([pl.DataFrame(schema=types), *tables])


def _changes(terms: pl.DataFrame) -> pl.DataFrame:
    """By how much the revenue of each currency changes on each day."""
    runs = priced(terms).filter(
        pl.col("ended_on").is_null() | (pl.col("ended_on") > pl.col("paid_from_on"))
    )
    begins = runs.select("currency", day_on="paid_from_on", change="mrr_minor")
    ends = runs.filter(pl.col("ended_on").is_not_null()).select(
        "currency", day_on="ended_on", change=-pl.col("mrr_minor")
    )
    changes = pl.concat([begins, ends]).sort("day_on")
    return changes.group_by("currency", "day_on").agg(pl.col("change").sum())


def unreconciled(waterfall: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Return the months whose movements do not add up, or whose ends are not those made the other
    way, or not the next month's beginning.
    """
    moved = sum(pl.col(f"{name}_minor") for name in MOVEMENTS)
    at = changes.rename({"day_on": "month_on", "mrr_minor": "other_start_minor"})
    next_on = waterfall.sort("currency", "month_on").with_columns(
        next_start_minor=pl.col("start_minor").shift(-1).over("currency"),
        following_on=pl.col("month_on").shift(-1).over("currency"),
    )
    joined = next_on.join(at, on=["currency", "month_on"], how="left")
    is_broken = (
        (pl.col("start_minor") + moved != pl.col("end_minor"))
        | (pl.col("next_start_minor") != pl.col("end_minor")).fill_null(value=False)
        | (pl.col("start_minor") != pl.col("other_start_minor")).fill_null(value=True)
    )
    broken = [joined.filter(is_broken), _wrong_ends(next_on, changes)]
    return pl.concat([rows.select(waterfall.columns) for rows in broken]).unique(
        ["currency", "month_on"], maintain_order=True
    )


def _wrong_ends(months: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """Last months whose end is not what the changes come to."""
    latest = pl.col("mrr_minor").sort_by("day_on").last()
    last = changes.group_by("currency").agg(latest)
    is_last = pl.col("following_on").is_null()
    ends = months.filter(is_last).join(last, on="currency", how="left")
    return ends.filter(pl.col("end_minor") != pl.col("mrr_minor"))


def converted(waterfall: pl.DataFrame, settings: ConversionSettings | None) -> pl.DataFrame:
    """Bring currencies to one by fixed rates, and add them up month by month.

    Each amount is rounded once; so a converted month may miss a cent, and is for reading, not for
    books. A user who pays in two currencies is two in the counts.

    Args:
        waterfall: `revenue_waterfall`.
        settings: Rates and their day; None: no total is made.

    Returns:
        `revenue_waterfall_total`: one row per month. Its `currency` says the day of the rates, and
        which currencies have none and are left out.
    """
    if settings is None:
        return waterfall.clear()
    rates = {settings.currency: 1.0, **settings.rates}
    has_rate = pl.col("currency").is_in(list(rates))
    without = waterfall.filter(~has_rate)["currency"].unique().sort().to_list()
    factor = pl.col("currency").replace_strict(
        _minor_rates(rates, settings.currency), default=None, return_dtype=pl.Float64
    )
    label = _rates_in_words(settings, without)
    summed = (
        waterfall.filter(has_rate)
        .with_columns((pl.col(name) * factor).round().cast(pl.Int64) for name in AMOUNTS)
        .group_by("month_on")
        .agg(pl.col(*AMOUNTS, *COUNTS).sum())
        .with_columns(currency=pl.lit(label))
    )
    return summed.select(waterfall.columns).sort("month_on")


def _rates_in_words(settings: ConversionSettings, without: Sequence[str]) -> str:
    """The day of the rates, and the currencies that have none."""
    label = f"{settings.currency} at rates of {settings.rates_of}"
    return f"{label}, without {', '.join(without)}" if without else label


def _minor_rates(rates: Mapping[str, float], target: str) -> dict[str, float]:
    """What a minor unit of each currency is in minor units of another."""
    units = 10 ** decimals_of(target)
    return {code: rate * units / 10 ** decimals_of(code) for code, rate in rates.items()}

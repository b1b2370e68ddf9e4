"""Amounts as integers of the currency's smallest unit, read without any rounding.

Source: ISO 4217, minor units (how many decimals a currency has).
"""

from typing import Literal

import polars as pl

NO_DECIMALS = [
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "UYI",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
]
THREE_DECIMALS = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
USUAL_DECIMALS = 2
MINOR = "smallest unit of the currency"  # of amounts in tables
CODE = r"^[A-Z]{3}$"
NO_AMOUNT = "is no amount (digits, and a point before the decimals)"
# digits of which no double keeps more: what lies behind them is how programs write 0.1 + 0.2
EXACT_DIGITS = 15
LARGEST_DOUBLE = 1e9  # of which a double holds six decimals and more
NUMBER = r"^([+-]?)([0-9]{1,15})(?:\.([0-9]*))?$"
DAYS_PER_MONTH = 30.4375  # a month of the Julian year, so that weekly and daily prices compare


def decimals_of(currency: str) -> int:
    """How many decimals a currency has."""
    return 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else USUAL_DECIMALS


def decimals(currency: pl.Expr) -> pl.Expr:
    """How many decimals each currency has."""
    return (
        pl.when(currency.is_in(NO_DECIMALS))
        .then(0)
        .when(currency.is_in(THREE_DECIMALS))
        .then(3)
        .otherwise(USUAL_DECIMALS)
    )


def minor_amounts(
    texts: pl.Expr, currency: pl.Expr, *, unit: Literal["major", "minor"]
) -> tuple[pl.Expr, pl.Expr]:
    """Read amounts.

    Args:
        texts: Amounts as written: digits, a point before the decimals, perhaps a sign. More than 15
            digits are what a program makes of a double (0.30000000000000004), and mean 0.3.
        currency: Three letters.
        unit: Whether 9.99 or 999 is meant by ten euros less a cent.

    Returns:
        The amount (integer, null where none can be read) and, where something is written, why.
    """
    n_decimals = decimals(currency) if unit == "major" else pl.lit(0)
    texts = _without_noise(texts)
    sign, whole, fraction = (texts.str.extract(NUMBER, group) for group in (1, 2, 3))
    kept = fraction.fill_null("").str.strip_chars_end("0")
    padded = pl.concat_str(kept, pl.lit("000")).str.slice(0, n_decimals)
    digits = pl.concat_str(whole, padded).cast(pl.Int64, strict=False)
    is_negative = (sign == "-") & (digits != 0)
    reason = (
        pl.when(texts.is_not_null() & whole.is_null())
        .then(pl.lit(NO_AMOUNT))
        .when(kept.str.len_chars() > n_decimals)
        .then(pl.lit("has more decimals than its currency"))
        .when(is_negative)
        .then(pl.lit("is negative"))
    )
    return pl.when(reason.is_null()).then(digits), reason


def _without_noise(texts: pl.Expr) -> pl.Expr:
    """Amounts of more digits than a double keeps, to the six decimals that it does keep."""
    number = texts.cast(pl.Float64, strict=False)
    n_digits = texts.str.replace(r"^[+-]?0*\.?0*", "").str.count_matches(r"[0-9]")
    is_noisy = (
        (n_digits > EXACT_DIGITS) & texts.str.contains(NUMBER) & (number.abs() < LARGEST_DOUBLE)
    )
    rounded = number.round(6).cast(pl.Decimal(18, 6)).cast(pl.String)
    return pl.when(is_noisy).then(rounded).otherwise(texts)


def monthly_amounts(price: pl.Expr, months: pl.Expr, days: pl.Expr) -> pl.Expr:
    """What a price per billing period is per month, in whole minor units (half up).

    Args:
        price: Of one billing period, in minor units.
        months: Months of the period, 0 where it is one of days.
        days: Days of the period, 0 where it is one of months.
    """
    by_month = (2 * price + months) // (2 * months)
    by_day = (price.cast(pl.Float64) * DAYS_PER_MONTH / days + 0.5).floor().cast(pl.Int64)
    return pl.when(months > 0).then(by_month).otherwise(by_day)


def describe_amount(minor: float, currency: str) -> str:
    """Write an amount as people do: 1,234.50 EUR."""
    n_decimals = decimals_of(currency)
    return f"{minor / 10**n_decimals:,.{n_decimals}f} {currency}"

"""Billing periods by their names: a number of months, or a number of days."""

import polars as pl

MONTHS = {"month": 1, "quarter": 3, "year": 12}
DAYS = {"day": 1, "week": 7, "fortnight": 14}
WORDS = {
    "daily": "1 day",
    "weekly": "1 week",
    "biweekly": "2 week",
    "fortnightly": "2 week",
    "monthly": "1 month",
    "quarterly": "3 month",
    "yearly": "1 year",
    "annual": "1 year",
    "annually": "1 year",
    "semiannual": "6 month",
    "half-year": "6 month",
    "half-yearly": "6 month",
}
# German, French, Spanish, Italian, Japanese
WORDS_ABROAD = {
    "1 day": "täglich quotidien journalier diario giornaliero 毎日",
    "1 week": "wöchentlich hebdomadaire semanal settimanale 毎週 週額",
    "1 month": "monatlich mensuel mensuelle mensual mensile 毎月 月額 月次",
    "3 month": "vierteljährlich quartalsweise trimestriel trimestrielle trimestral 四半期",
    "6 month": "halbjährlich semestriel semestrielle semestral semestrale 半年",
    "1 year": "jährlich annuel annuelle anual annuale 毎年 年額 年次",
}
UNITS_ABROAD = {
    "day": "tag tage tagen jour jours día días dia dias giorno giorni 日 日間",
    "week": "woche wochen semaine semaines semana semanas settimana settimane 週 週間",
    "month": "monat monate monaten mois mes meses mese mesi 月 か月 ヶ月 カ月 ケ月 か月間 ヶ月間",
    "quarter": "quartal quartale trimestre trimestres trimestri",
    "year": "jahr jahre jahren an ans année années año años anno anni 年 年間",
}
ABROAD = {name: period for period, names in WORDS_ABROAD.items() for name in names.split()}
UNIT_NAMES = {name: unit for unit, names in UNITS_ABROAD.items() for name in names.split()}
ISO_UNITS = {"d": "day", "w": "week", "m": "month", "y": "year"}
LONGEST = 10_000  # units; beyond it a number is a mistake


def period_lengths(texts: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Read billing periods: `month`, `monthly`, `3 months`, `P1Y`, `30 days`, `monatlich`.

    Returns:
        Months and days, one of which is zero; both null where the text is no period.
    """
    number, unit = _counted_units(texts.str.strip_chars().str.to_lowercase())
    months = unit.replace_strict(MONTHS, default=None, return_dtype=pl.Int64)
    days = unit.replace_strict(DAYS, default=None, return_dtype=pl.Int64)
    is_known = number.is_between(1, LONGEST) & (months.is_not_null() | days.is_not_null())
    return (
        pl.when(is_known).then(number * months.fill_null(0)),
        pl.when(is_known).then(number * days.fill_null(0)),
    )


def _counted_units(word: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Number and unit (`month`, `day`, ...) of periods in lower case: of a duration in ISO (`p3m`),
    else of a number before a word of any language; a word alone is one.
    """
    word = word.replace(WORDS | ABROAD)
    name = word.str.extract(r"^[0-9]*[ _-]*(\D+)$", 1)
    word = pl.coalesce(word.str.extract(r"^([0-9]*[ _-]*)\D+$", 1) + name.replace(UNIT_NAMES), word)
    iso = word.str.extract(r"^p([0-9]{1,5})[dwmy]$", 1)
    number = (
        pl.when(iso.is_not_null())
        .then(iso)
        .otherwise(word.str.extract(r"^([0-9]{1,5})[ _-]*[a-z]+$", 1))
        .cast(pl.Int64)
        .fill_null(pl.when(word.str.contains(r"^[a-z]+$")).then(1))
    )
    unit = (
        pl.when(iso.is_not_null())
        .then(word.str.slice(-1).replace(ISO_UNITS))
        .otherwise(word.str.extract(r"([a-z]+?)s?$", 1))
    )
    return number, unit

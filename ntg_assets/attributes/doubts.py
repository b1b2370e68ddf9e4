"""What is doubtful in a table of facts: said of every attribute, and settled on the careful side
where an attribute decides who may be contacted or what may be shown.
"""

from collections.abc import Iterator, Sequence

import polars as pl

from ntg_assets.attributes.roles import agreed
from ntg_assets.configuration.inputs.attributes import (
    AttributeSettings,
    AttributeSourceSettings,
)
from ntg_assets.sources.reading.refused_values import PossibleTimes, first_day
from ntg_assets.sources.sniffing.advice import advise_times, like_null
from ntg_assets.sources.values.words import plain_word
from ntg_assets.sources.written import as_iso_times, instants_of

IN_DOUBT = "(in doubt)"  # no word of consent, no day, no region
AT = ("valid_from_at", "known_from_at")
MOST_VALUES = 10_000  # different ones that are held against each other


def settle_doubts(
    kept: pl.DataFrame, left_out: pl.DataFrame, *, roles: AttributeSettings, entity: str
) -> pl.DataFrame:
    """Write `IN_DOUBT` for whom nobody knows which row is the last one: a row of theirs has a time
    that cannot be read, or (of consent) two rows at one time say different things. Only where the
    attribute decides something.

    Args:
        kept: Rows of `attributes`.
        left_out: Those whose time cannot be read.
        roles: What attributes decide.
        entity: Whose they are.
    """
    decisive = roles.decisive(entity)
    key = ["attribute", "listed_id"]
    untimed = left_out.filter(pl.col("attribute").is_in(decisive)).select(key)
    consent = roles.consent.attribute if roles.consent and entity == "user" else None
    several = contradictions(kept.filter(pl.col("attribute") == consent)) if consent else None
    parts = [untimed, *([several.select(key)] if several is not None else [])]
    doubtful = pl.concat(parts).unique().with_columns(is_doubtful=pl.lit(value=True))
    if doubtful.is_empty():
        return kept
    marked = kept.join(doubtful, on=key, how="left", maintain_order="left")
    value = pl.when(pl.col("is_doubtful").is_null()).then("value").otherwise(pl.lit(IN_DOUBT))
    return marked.with_columns(value=value).drop("is_doubtful")


def contradictions(rows: pl.DataFrame) -> pl.DataFrame:
    """Who has different values of one attribute at one time: `attribute`, `listed_id`, `values`."""
    grouped = rows.group_by("attribute", "listed_id", *AT).agg(
        values=pl.col("value").unique().sort()
    )
    return grouped.filter(pl.col("values").list.len() > 1).sort("attribute", "listed_id")


def with_iso_days(
    rows: pl.DataFrame, source: AttributeSourceSettings, *, roles: AttributeSettings, zone: str
) -> pl.DataFrame:
    """Write the days of licence windows in ISO where the source writes all times otherwise.

    Args:
        rows: `attribute`, `value`.
        source: How it writes times.
        roles: Which attributes are days.
        zone: Zone of the days.
    """
    names = roles.windows() if source.entity == "item" else []
    is_day = pl.col("attribute").is_in(names)
    if not rows.select(is_day.any()).item():
        return rows
    days = as_iso_times(rows.filter(is_day)["value"], options=source, zone=zone)
    placed = rows.with_row_index("at_row")
    written = placed.filter(is_day).select("at_row", iso=days)
    return (
        placed.join(written, on="at_row", how="left", maintain_order="left")
        .with_columns(value=pl.coalesce("iso", "value"))
        .drop("at_row", "iso")
    )


def describe_doubts(
    rows: pl.DataFrame,
    source: AttributeSourceSettings,
    *,
    roles: AttributeSettings,
    possible: PossibleTimes,
    zone: str,
) -> Iterator[str]:
    """Say what a person should look at.

    Args:
        rows: Rows of `attributes` of one source.
        source: Its settings.
        roles: What attributes decide.
        possible: When something can have become known.
        zone: Zone of the days.
    """
    for (name,), part in rows.group_by("attribute", maintain_order=True):
        values = part["value"].drop_nulls().unique().sort()
        yield from _about_words(str(name), values, part)
        if roles.consent and source.entity == "user" and name == roles.consent.attribute:
            yield from _about_consent(part, roles)
    if source.entity == "item" and (names := [*filter(source.attributes.get, roles.windows())]):
        yield from _about_windows(rows, names, zone=zone)
    yield from _about_contradictions(rows, source)
    yield from _about_times(rows, source, possible)


def _about_contradictions(rows: pl.DataFrame, source: AttributeSourceSettings) -> Iterator[str]:
    several = contradictions(rows)
    if several.height:
        first = several.row(0, named=True)
        shown = ", ".join(map(repr, first["values"][:2]))
        yield (
            f"{several.height:,} {source.entity}s have several values at one time (first:"
            f" {first['listed_id']}, {shown}): the last row counts"
        )


def _about_words(name: str, values: pl.Series, part: pl.DataFrame) -> Iterator[str]:
    if nulls := like_null(values):
        n = part.filter(pl.col("value").str.strip_chars().is_in(nulls)).height
        yield f"{n:,} values of {name} are {nulls[0]!r}; if that means empty, set `null_words`"
    if values.len() > MOST_VALUES:
        return
    alike: dict[str, str] = {}
    for value in values.to_list():
        other = alike.setdefault(plain_word(value), value)
        if other != value and other.casefold() == value.casefold():
            yield f"{name} holds {other!r} and {value!r}, which count as different values"
            return


def _about_windows(rows: pl.DataFrame, names: Sequence[str], *, zone: str) -> Iterator[str]:
    """Days of licence windows that are none; all of them are looked at together for advice, since
    one column alone may leave the order of day and month open.
    """
    is_day = pl.col("attribute").is_in(names) & pl.col("value").is_not_null()
    written = rows.filter(is_day, pl.col("value") != IN_DOUBT)["value"]
    broken = written.filter(instants_of(written, zone=zone).is_null())
    if broken.len():
        yield (
            f"{broken.len():,} of {written.len():,} days in {' and '.join(names)} cannot be read"
            f" (first: {broken[0]!r}), and such items are not shown: {advise_times(broken)}"
        )


def _about_consent(part: pl.DataFrame, roles: AttributeSettings) -> Iterator[str]:
    if roles.consent is None:
        return
    is_doubtful = pl.col("value") == IN_DOUBT
    said = part.filter(pl.col("value").is_not_null(), ~is_doubtful)
    is_agreed = agreed(said["value"], roles.consent)
    users = said.filter(is_agreed)["listed_id"].n_unique()
    yield f"{users:,} of {said['listed_id'].n_unique():,} users ever agreed"
    if said.height and not users:
        yield (
            f"no row holds a word of consent.granted (first: {said['value'][0]!r}), so nobody may"
            " be contacted: set it"
        )
    if n_doubtful := part.filter(is_doubtful)["listed_id"].n_unique():
        yield f"{n_doubtful:,} users are in doubt and are not contacted"


def _about_times(
    rows: pl.DataFrame, source: AttributeSourceSettings, possible: PossibleTimes
) -> Iterator[str]:
    if source.known_from is None and source.valid_from is None:
        return
    known = rows["known_from_at"]
    early = known.filter(known < possible.earliest)
    if early.len():
        yield (
            f"{early.len():,} rows were known before {possible.earliest:%Y-%m-%d} (first:"
            f" {first_day(early)}), so they count as known from the start: is `timestamp_unit`"
            " right?"
        )
    if later := possible.describe_later(known):
        yield later

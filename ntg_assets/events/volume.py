"""Whether a load brought as much as it should: against the load before,
and against the usual level of the log itself.

Two faults look like everyone leaving. An export that lost files is smaller than the load before: it
is refused, and what is stored stays. A producer that broke, while a monitor goes on, leaves a log
that ends in days far quieter than any before: it cannot be told from a real fall, so everything is
made but the contact lists are held back until a person has looked.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any, Literal

import polars as pl

from ntg_assets.configuration.inputs.events import VolumeSettings
from ntg_assets.events.load_history import Extent, Load
from ntg_assets.events.load_losses import find_losses
from ntg_assets.events.quiet_ends import find_drop
from ntg_assets.local_days import day_of
from ntg_assets.zones import UTC_ZONE

Verdict = Literal["ok", "warn", "hold"]
CONFIRMED_WITHIN_DAYS = 3  # the day on which a drop is seen to begin moves a little as it goes on
NO_DAYS = (None, None)  # since when, for how many days: of what is no level
SCHEMA: dict[str, Any] = {
    "measure": pl.String,
    "seen": pl.Float64,
    "expected": pl.Float64,
    "ratio": pl.Float64,
    "since_on": pl.Date,
    "n_days": pl.Int64,
    "verdict": pl.String,
    "sentence": pl.String,
}


def report_volume(
    load: Load,
    before: Load | None,
    daily: pl.DataFrame,
    settings: VolumeSettings,
    *,
    zone: str = UTC_ZONE,
) -> pl.DataFrame:
    """Make `volume_report`.

    Args:
        load: What was loaded.
        before: The load it is compared with.
        daily: happened_on, n_events, n_users, ascending, from `looked_at_from` on.
        settings: Shares, and what was confirmed.
        zone: Whose days count.
    """
    days = daily["happened_on"].to_list()
    rows = [
        *_against_before(load.extent, before, settings, zone=zone),
        _items(load.n_items, before.n_items if before else None, settings),
        *(
            _level(what, days, daily[f"n_{what}"].to_list(), settings)
            for what in ("events", "users")
        ),
    ]
    return _with_advice(pl.DataFrame(rows, schema=SCHEMA, orient="row"))


def describe_doubts(volume_report: pl.DataFrame, *verdicts: Verdict) -> list[str]:
    """Sentences of the rows with one of the verdicts."""
    return volume_report.filter(pl.col("verdict").is_in(verdicts))["sentence"].to_list()


def _against_before(
    extent: Extent, before: Load | None, settings: VolumeSettings, *, zone: str
) -> Iterator[tuple[object, ...]]:
    """Rows of what is compared with the load before."""
    losses = {loss.measure: loss for loss in find_losses(extent, before, settings, zone=zone)}
    for measure, seen, expected, sentence in _plainly(extent, before, zone=zone):
        loss = losses.get(measure)
        if loss is None:
            yield measure, seen, expected, _ratio(seen, expected), *NO_DAYS, "ok", sentence
        else:
            confirmed = "; this was confirmed" if loss.is_refused else ""
            values = loss.seen, loss.expected, loss.ratio
            yield measure, *values, *NO_DAYS, "warn", f"{loss.told}{confirmed}"


def _plainly(
    extent: Extent, before: Load | None, *, zone: str
) -> Iterator[tuple[str, int | None, int | None, str]]:
    """Measures with nothing to say of them but their values."""
    for what, seen, expected in (
        ("events", extent.n_events, before.n_events if before else None),
        ("users", extent.n_users, before.n_users if before else None),
    ):
        than = _than_before(None if expected is None else f"{expected:,}")
        yield what, seen, expected, f"{seen:,} {what}{than}"
    ends, ended = (
        f"on {day_of(at, zone)}" if at else "nowhere"
        for at in (extent.last_at, before.last_at if before else None)
    )
    yield "last_day", None, None, f"the log ends {ends}" + _than_before(ended if before else None)


def _than_before(expected: str | None) -> str:
    return (
        f", {expected} in the load before"
        if expected is not None
        else "; no load before to compare with"
    )


def _ratio(seen: float | None, expected: float | None) -> float | None:
    return seen / expected if seen is not None and expected else None


def _items(seen: int | None, expected: int | None, settings: VolumeSettings) -> tuple[object, ...]:
    """A short item table spoils titles and categories, not who leaves: it is told,
    never refused.
    """
    is_short = expected is not None and (seen or 0) <= settings.warn_below * expected
    sentence = "no item table" if seen is None else f"{seen:,} rows of the item table"
    sentence += _than_before(f"{expected:,}" if expected is not None else None)
    return (
        "items",
        seen,
        expected,
        _ratio(seen or 0, expected),
        None,
        None,
        "warn" if is_short else "ok",
        sentence,
    )


def _level(
    what: str, days: Sequence[date], counts: Sequence[int], settings: VolumeSettings
) -> tuple[object, ...]:
    """Row of the usual level of a log, and of a quiet end where there is one."""
    measure = f"{what}_per_day"
    drop = find_drop(days, counts, below=settings.quiet_below)
    verdict: Verdict = "hold" if drop else "warn"
    drop = drop or find_drop(days, counts, below=settings.warn_below)
    if drop is None:
        mean = sum(counts) / ((days[-1] - days[0]).days + 1) if days else 0.0
        usual = f"{what} per day end at their usual level"
        return (measure, mean, None, None, *NO_DAYS, "ok", usual)
    sentence = (
        f"{what} per day fell from {drop.usual:,.4g} to {drop.since:,.4g} on {drop.since_on},"
        f" {drop.n_days} days running"
    )
    if verdict == "hold" and _names(settings.confirmed, drop.since_on):
        verdict, sentence = "ok", f"{sentence}; this was confirmed"
    since = (drop.since_on, drop.n_days)
    return (measure, drop.since, drop.usual, drop.ratio, *since, verdict, sentence)


def _with_advice(report: pl.DataFrame) -> pl.DataFrame:
    """Say once, behind the last sentence that holds the lists back, what to do about it."""
    held = report.with_row_index().filter(pl.col("verdict") == "hold")
    if held.is_empty():
        return report
    days = ", ".join(f'"{day}"' for day in held["since_on"].unique().sort())
    advice = (
        ": a producer may be broken; mend it and load again, or, if it is true, set"
        f" `ingest.volume.confirmed: [{days}]`"
    )
    is_last = pl.int_range(pl.len()) == held["index"][-1]
    return report.with_columns(
        pl.when(is_last).then(pl.col("sentence") + advice).otherwise("sentence").alias("sentence")
    )


def _names(confirmed: Iterable[str], since_on: date) -> bool:
    for token in confirmed:
        try:
            named = date.fromisoformat(token)
        except ValueError:
            continue
        if abs((named - since_on).days) <= CONFIRMED_WITHIN_DAYS:
            return True
    return False

"""The local day of each event, made once, by the reader of the log: everything later that counts
days reads `event_on`.
"""

from datetime import datetime

from ntg_assets.local_days import KNOWN_UNTIL, days_of_utc_days
from ntg_assets.sql import Query, read_sql
from ntg_assets.zones import UTC_ZONE

OPEN_END = datetime.combine(KNOWN_UNTIL, datetime.min.time())


def dated_events(
    events: Query, *, zone: str, first_at: datetime, last_at: datetime | None
) -> Query:
    """Query that yields the accepted events with the day of the zone on which each happened.

    The calendar is joined by day of UTC, where asking the engine for the zone of each event takes
    eight times as long (2 million events: 0.03 CPU s against 0.4).

    Args:
        events: The accepted events; written into the text, so that the files are read in one pass.
        zone: Whose midnights divide the days.
        first_at: No event lies before.
        last_at: No event lies at or after; none: not before the calendar ends.
    """
    name = "utc_dated_events" if zone == UTC_ZONE else "dated_events"
    text = (
        f"with accepted_events as not materialized (\n{events.text}\n)\nselect * from"
        f" (\n{read_sql('events', name)}\n)"
    )
    if zone == UTC_ZONE:
        return Query(text, events.tables, events.parameters)
    calendar = days_of_utc_days(
        zone, first_on=first_at.date(), last_on=(last_at or OPEN_END).date()
    )
    return Query(text, {**events.tables, "zone_calendar": calendar}, events.parameters)

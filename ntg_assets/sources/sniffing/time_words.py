"""Words in a name that say that a column holds times, or other times than those of events."""

TIME_WORDS = frozenset(
    {
        "date",
        "time",
        "timestamp",
        "datetime",
        "datum",
        "zeit",
        "zeitpunkt",
        "fecha",
        "when",
        "at",
        "ts",
    }
)
OTHER_TIMES = frozenset(
    {"release", "released", "birth", "birthday", "published", "publication", "updated", "zone",
     "runtime", "duration", "total", "expires", "expiry", "end"}
)  # fmt: skip
# when a program took note of what had happened before
LATER_TIMES = frozenset(
    {"received", "processed", "ingested", "imported", "synced", "inserted", "loaded", "uploaded",
     "modified", "added", "server", "export", "exported", "report"}
)  # fmt: skip
# when something was made or began, beside which a time of an event may stand
BEGINNINGS = frozenset(
    {"created_at", "created", "start_time", "starttime", "start", "begin", "end_time", "start_date",
     "startdate", "last_played"}
)  # fmt: skip

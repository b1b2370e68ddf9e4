"""Leaks at the door: TRAIN holds what comes after it, or is weighed by the whole log."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

PLANTS: dict[str, Plant] = {
    "train-holds-its-end": Plant(
        "TRAIN holds the events at its end",
        (Edit("splits/global_time_events.sql", "event_at < $end_at", "event_at <= $end_at"),),
        ("unit/test_splits.py",),
    ),
    "train-grows-with-the-log": Plant(
        "TRAIN of a large log holds three days more",
        (
            Edit(
                "splits/global_time_events.sql",
                "event_at < $end_at",
                "event_at < $end_at + (select case when count(*) > 90000 then interval 3 day"
                " else interval 0 day end from events)",
            ),
        ),
    ),
    "scaled-by-the-whole-log": Plant(
        "weights are scaled by the largest value of the whole log",
        (
            Edit(
                "splits/global_time_events.sql",
                "    weight\nfrom",
                "    weight / (select max(value) from events) as weight\nfrom",
            ),
        ),
    ),
    "counted-in-the-whole-log": Plant(
        "values are taken relative to the mean value of the item in the whole log",
        (
            Edit(
                "splits/global_time_events.sql",
                "    value,\n    weight\nfrom events\n",
                "    value - (select avg(other.value) from events as other"
                " where other.item_id = events.item_id) as value,\n    weight\nfrom events\n",
            ),
        ),
    ),
    "days-until-the-next-visit": Plant(
        "values hold how long the user stays away afterwards, held-out visits included",
        (
            Edit(
                "splits/global_time_events.sql",
                "    value,\n    weight\nfrom events\n",
                "    value + coalesce(date_diff('day', event_on, (select min(later.event_on)"
                " from events as later where later.user_id = events.user_id"
                " and later.event_at > events.event_at)), 0) as value,\n    weight\nfrom events\n",
            ),
        ),
    ),
}

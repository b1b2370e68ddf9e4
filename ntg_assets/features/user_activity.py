"""Activity features of users at any cutoffs: the same text makes the snapshots of the past and
tonight's.
"""

from ntg_assets.sql import Query, Source, query, whole


def user_activity_features(user_days: Source, cutoffs: Source) -> Query:
    """Look at users from cutoffs.

    Args:
        user_days: One row per (user, active day).
        cutoffs: `user_id`, `cutoff_on` (date): who is looked at, and from when. Days at or after
            `cutoff_on` are not seen.

    Returns:
        One row per (user_id, cutoff_on) whose user was active before; columns as in
        `user_activity_features.sql`.
    """
    tables = {"user_days": user_days, "cutoffs": cutoffs}
    return whole(query("features", "user_activity_features", tables))


def active_users_at(user_days: Source, cutoff_on: object) -> Query:
    """Make the cutoffs of a stage: every user active before one day, looked at from that day."""
    return query("features", "active_users", {"user_days": user_days}, cutoff_on=cutoff_on)

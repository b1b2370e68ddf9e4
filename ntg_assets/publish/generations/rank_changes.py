"""What differs in lists, radar and contacts between two stores, in words."""

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from ntg_assets.storage.connection import MissingTableError

BEFORE, AFTER = "before", "after"  # names by which the two are attached
LISTS = """
with
before as (
    select user_id, list(item_id order by rank) as items
    from before.live.recommendations group by user_id
),
after as (
    select user_id, list(item_id order by rank) as items
    from after.live.recommendations group by user_id
)
select
    count(*) as n_users,
    count(*) filter (before.items <> after.items) as n_other_list,
    count(*) filter (before.items[1] <> after.items[1]) as n_other_first,
    avg(len(list_intersect(before.items, after.items)) / greatest(len(before.items), 1)) as kept
from before inner join after using (user_id)
"""
RADAR = """
select count(*) from before.live.revenue_risk_radar as b
inner join after.live.revenue_risk_radar as a using (user_id)
where b.rank <= $top and a.rank <= $top
"""
CONTACTS = """
select
    count(*) filter (a.user_id is null) as gone,
    count(*) filter (b.user_id is null) as new
from (select strategy, user_id from before.live.intervention_targets where action = 'contact') as b
full join
    (select strategy, user_id from after.live.intervention_targets where action = 'contact') as a
    on a.strategy = b.strategy and a.user_id = b.user_id
"""
TOP = 100


def rows_of(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Ask; nothing where a store of an older version lacks the table."""
    try:
        return connection.execute(text, parameters).fetchall()
    except MissingTableError:
        return []


def rank_changes(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Say what people are shown and told that they were not before."""
    for n_users, n_other, n_first, kept in rows_of(connection, LISTS):
        if n_other:
            yield (
                f"lists: {n_other:,} of {n_users:,} users have another list ({n_first:,} another"
                f" first item); {kept:.0%} of the items of a list stay on average"
            )
    sizes = [
        rows_of(connection, f"select count(*) from {store}.live.revenue_risk_radar")
        for store in (BEFORE, AFTER)
    ]
    if all(sizes):
        top = min(TOP, *(rows[0][0] for rows in sizes))
        ((both,),) = rows_of(connection, RADAR, {"top": top})
        if both < top:
            yield f"radar: {both:,} of the first {top:,} users are among the first {top:,} in both"
    for gone, new in rows_of(connection, CONTACTS):
        if gone or new:
            yield f"contacts: {new:,} are new, {gone:,} are gone"

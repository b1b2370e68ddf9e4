-- How many usable rows are equal to another one in all but the value: each beyond the first value of its event. As contradictions.sql,
-- over rows that workers have written.
-- Grain: one row.
-- Tables: typed_rows, as usable_rows.sql makes them.
-- Parameters: none.
with hashed_rows as (
    select key_hash
    from typed_rows
    group by key_hash, value_hash
),

contradicted_keys as (
    select key_hash
    from hashed_rows
    group by key_hash
    having count(*) > 1
),

candidate_values as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value
    from typed_rows
    where key_hash in (select key_hash from contradicted_keys)
    group by user_id, item_id, event_at, event_type, value
),

contradicted_events as (
    select count(*) as n_values
    from candidate_values
    group by user_id, item_id, event_at, event_type
    having count(*) > 1
)

select coalesce(cast(sum(n_values - 1) as bigint), 0) as n_contradictions
from contradicted_events

-- How many usable rows are equal to another one in all but the value: each beyond the first value of its event.
-- Grain: one row.
-- Tables: typed_rows (see typed_rows.py); repeated_keys (key_hash), first bits of the hashes that may belong to such rows.
-- Parameters: none.
with candidate_values as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value
    from typed_rows
    where is_valid and (row_hash & 18446744073709547520) in (select key_hash from repeated_keys)
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

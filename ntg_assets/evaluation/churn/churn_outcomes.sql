-- What known users did after the cutoff, in held-out events alone.
-- Grain: one row per user active in [$from_at, $until_at).
-- Parameters: $from_at, $until_at (half-open, UTC).
with held_out as (
    select
        user_id,
        event_at,
        event_on,
        value
    from val_events
    union all
    select
        user_id,
        event_at,
        event_on,
        value
    from test_events
),

days as (
    select
        user_id,
        event_on as active_on,
        sum(cast(round(value * 1e6) as bigint)) as value_millionths
    from held_out
    where
        event_at >= $from_at
        and event_at < $until_at
    group by user_id, event_on
)

select
    user_id,
    count(*) as window_active_days,
    cast(sum(value_millionths) as double) / 1e6 as window_value
from days
group by user_id

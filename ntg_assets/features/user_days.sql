-- The days on which a user was active: small, and most user features need no more.
-- Grain: one row per (user, day) with an event.
-- Parameters: none.
with user_item_days as (
    select
        user_id,
        event_on as active_on,
        item_id,
        count(*) as n_events,
        cast(sum(cast(round(weight * 1e6) as bigint)) as bigint) as weight_millionths,
        cast(sum(cast(round(value * 1e6) as bigint)) as bigint) as value_millionths
    from train_events
    group by user_id, event_on, item_id
)

select
    user_id,
    active_on,
    cast(sum(n_events) as bigint) as n_events,
    count(*) as n_items,
    cast(sum(weight_millionths) as double) / 1e6 as engagement,
    cast(sum(value_millionths) as double) / 1e6 as value_sum
from user_item_days
group by user_id, active_on

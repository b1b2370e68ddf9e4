-- What each part holds, how many of its users TRAIN knows, and how far TRAIN looks past the part's start.
-- Grain: one row per part.
-- Parameters: none.
with parts as (
    select
        'train' as part,
        user_id,
        item_id,
        event_at
    from train_events
    union all
    select
        'val' as part,
        user_id,
        item_id,
        event_at
    from val_events
    union all
    select
        'test' as part,
        user_id,
        item_id,
        event_at
    from test_events
),

part_users as (
    select
        part,
        user_id,
        count(*) as n_events,
        min(event_at) as first_at,
        max(event_at) as last_at
    from parts
    group by part, user_id
),

items_of_parts as (
    select
        part,
        item_id
    from parts
    group by part, item_id
),

part_items as (
    select
        part,
        count(*) as n_items
    from items_of_parts
    group by part
),

train_users as (
    select
        user_id,
        last_at
    from part_users
    where part = 'train'
),

by_part as (
    select
        part_users.part,
        sum(part_users.n_events) as n_events,
        count(*) as n_users,
        count(train_users.user_id) as n_known_users,
        min(part_users.first_at) as first_at,
        max(part_users.last_at) as last_at,
        count(case when part_users.part <> 'train' and train_users.last_at >= part_users.first_at then 1 end)
            as n_out_of_order_users
    from part_users
    left join train_users on train_users.user_id = part_users.user_id
    group by part_users.part
),

train_size as (
    select n_events
    from by_part
    where part = 'train'
),

-- few or none under a global split: only these are held against the parts
late_train_events as (
    select event_at
    from train_events
    where event_at >= (
        select min(first_at) from by_part
        where part <> 'train'
    )
),

look_ahead as (
    select
        by_part.part,
        count(late_train_events.event_at) as n_ahead
    from by_part
    left join late_train_events on by_part.part <> 'train' and late_train_events.event_at >= by_part.first_at
    group by by_part.part
)

select
    by_part.part,
    cast(by_part.n_events as bigint) as n_events,
    by_part.n_users,
    part_items.n_items,
    by_part.n_known_users,
    by_part.first_at as first_event_at,
    by_part.last_at as last_event_at,
    look_ahead.n_ahead * 1e0 / nullif(cast(train_size.n_events as double), 0) as look_ahead_share,
    by_part.n_out_of_order_users
from by_part
inner join part_items on part_items.part = by_part.part
inner join look_ahead on look_ahead.part = by_part.part
cross join train_size

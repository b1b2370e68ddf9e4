-- Amounts by user and active day, of every so many-th user by id where there are more than $most_users.
-- Grain: one row per (user_id, active_on) with an amount.
-- Parameters: $most_users.
with known as (
    select user_id
    from user_days
    group by user_id
),

placed as (
    select
        user_id,
        row_number() over (order by user_id) as place
    from known
),

counted as (
    select greatest(1, cast(ceil(count(*) / cast($most_users as double)) as bigint)) as every_kth
    from known
)

select
    user_days.user_id,
    user_days.active_on,
    user_days.value_sum
from user_days
inner join placed on placed.user_id = user_days.user_id
inner join counted on placed.place % counted.every_kth = 0
where user_days.value_sum > 0

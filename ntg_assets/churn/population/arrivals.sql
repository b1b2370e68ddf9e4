-- How many users arrived on a day, and after how many days they came again: whom those of late are compared with.
-- Who arrives joins, or returns from a silence of $silent_days or more.
-- Grain: one row per (is_new, arrived_on, again_after_days, is_at_risk).
-- Parameters: $silent_days, $at_risk_from (date: who was active from it on is at risk).
with days as (
    select
        user_id,
        active_on,
        lag(active_on) over (partition by user_id order by active_on) as before_on,
        lead(active_on) over (partition by user_id order by active_on) as again_on,
        max(active_on) over (partition by user_id) >= cast($at_risk_from as date) as is_at_risk
    from user_days
)

select
    before_on is null as is_new,
    active_on as arrived_on,
    date_diff('day', cast(active_on as date), cast(again_on as date)) as again_after_days,
    is_at_risk,
    count(*) as n_users
from days
where before_on is null or date_diff('day', cast(before_on as date), cast(active_on as date)) >= $silent_days
group by is_new, arrived_on, again_after_days, is_at_risk

-- How many users joined on a day, and after how many days they came again: what newcomers are compared by.
-- Grain: one row per (joined_on, returned_after_days, is_at_risk).
-- Parameters: $at_risk_from (date: who was active from it on is at risk).
with numbered as (
    select
        user_id,
        active_on,
        row_number() over (partition by user_id order by active_on) as place
    from user_days
),

by_user as (
    select
        user_id,
        min(active_on) as joined_on,
        min(case when place = 2 then active_on end) as returned_on,
        max(active_on) >= cast($at_risk_from as date) as is_at_risk
    from numbered
    group by user_id
)

select
    joined_on,
    date_diff('day', cast(joined_on as date), cast(returned_on as date)) as returned_after_days,
    is_at_risk,
    count(*) as n_users
from by_user
group by joined_on, returned_after_days, is_at_risk

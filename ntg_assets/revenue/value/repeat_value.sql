-- What users brought on the days after their first one: the amounts that a forecast of repeat visits is made of.
-- Grain: one row per user active before the cutoff.
-- Parameters: $cutoff_on (date; days from it on are not looked at).
with ordered as (
    select
        user_id,
        value_sum,
        row_number() over (partition by user_id order by active_on) as place
    from user_days
    where active_on < cast($cutoff_on as date)
)

select
    user_id,
    count(*) - 1 as n_repeats,
    cast(coalesce(sum(case when place > 1 then cast(round(1e6 * value_sum) as bigint) end), 0) as double) / 1e6 as repeat_value
from ordered
group by user_id

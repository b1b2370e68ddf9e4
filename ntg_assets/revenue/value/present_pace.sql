-- The pace of some users at a cutoff, older days counting less, and what followed: what a pace is learned and read from.
-- Grain: one row per (user, half-life) with a day before the cutoff.
-- Parameters: $cutoff_on, $until_on (dates; days of [cutoff, until) followed, later ones are not looked at).
with aged as (
    select
        user_days.user_id,
        user_days.value_sum,
        date_diff('day', cast(user_days.active_on as date), cast($cutoff_on as date)) as age_days
    from user_days
    inner join users on users.user_id = user_days.user_id
    where user_days.active_on < cast($until_on as date)
)

select
    aged.user_id,
    half_lives.half_life_days,
    cast(sum(case when age_days > 0 then cast(round(1e9 * pow(0.5e0, age_days / nullif(half_life_days, 0))) as bigint) else 0 end) as double)
    / 1e9 as decayed_days,
    cast(
        sum(case when age_days > 0 then cast(round(1e6 * value_sum * pow(0.5e0, age_days / nullif(half_life_days, 0))) as bigint) else 0 end)
        as double
    ) / 1e6 as decayed_value,
    count(case when age_days <= 0 then 1 end) as n_days_after,
    cast(sum(case when age_days <= 0 then cast(round(1e6 * value_sum) as bigint) else 0 end) as double) / 1e6 as value_after
from aged
cross join half_lives
group by aged.user_id, half_lives.half_life_days
having count(case when age_days > 0 then 1 end) > 0

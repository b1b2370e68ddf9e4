-- Active days whose amount counts only in part, because it lies above what the log, or the user, has shown often enough.
-- A day counts up to the larger of two amounts: the one that $least_days days of the log and one day in $one_day_in have reached (where
-- that is no more than one day in $at_most_one_in), and the one that the user has reached on $own_days days.
-- Grain: one row per (user_id, active_on) above it.
-- Parameters: $cutoff_on (date; days from it on are not looked at), $counts_amounts (whether value is the amount of events),
-- $least_days, $one_day_in, $at_most_one_in, $own_days.
with past as (
    select
        user_id,
        active_on,
        value_sum,
        abs(value_sum) as amount
    from user_days
    where active_on < cast($cutoff_on as date) and cast($counts_amounts as boolean)
),

placed as (
    select
        user_id,
        active_on,
        value_sum,
        amount,
        row_number() over (order by amount desc, user_id, active_on) as place
    from past
),

counted as (
    select
        greatest(
            1,
            least(
                greatest($least_days, ceil(count(*) / cast($one_day_in as double))),
                floor(count(*) / cast($at_most_one_in as double))
            )
        ) as place
    from past
),

shown as (
    select max(placed.amount) as amount
    from placed
    inner join counted on counted.place <= placed.place
),

above as (
    select
        placed.user_id,
        placed.active_on,
        placed.value_sum,
        placed.amount,
        shown.amount as shown_amount,
        row_number() over (partition by placed.user_id order by placed.amount desc, placed.active_on) as own_place
    from placed
    inner join shown on shown.amount < placed.amount
),

own as (
    select
        user_id,
        amount
    from above
    where own_place = $own_days
)

select
    above.user_id,
    above.active_on,
    above.value_sum,
    sign(above.value_sum) * coalesce(own.amount, above.shown_amount) as counted_value
from above
left join own on own.user_id = above.user_id
where above.amount > coalesce(own.amount, above.shown_amount)

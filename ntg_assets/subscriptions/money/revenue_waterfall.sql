-- How monthly recurring revenue moved from month to month: who is new, came back, pays more, pays less, or left.
-- A user is one customer in each currency; a change of contract or plan is an expansion or a contraction.
-- Grain: one row per (currency, month); the month begins with `start_minor` and ends with `end_minor`.
-- Parameters: none; `months` (month_on, next_on) names neighbouring days.
with first_paid as (
    select
        user_id,
        currency,
        min(month_on) as first_on
    from user_months
    group by user_id, currency
),

sides as (
    select
        user_months.user_id,
        user_months.currency,
        months.month_on,
        user_months.mrr_minor as before_minor,
        0 as after_minor
    from user_months
    inner join months on months.month_on = user_months.month_on
    union all
    select
        user_months.user_id,
        user_months.currency,
        months.month_on,
        0 as before_minor,
        user_months.mrr_minor as after_minor
    from user_months
    inner join months on months.next_on = user_months.month_on
),

moved as (
    select
        sides.user_id,
        sides.currency,
        sides.month_on,
        sum(sides.before_minor) as before_minor,
        sum(sides.after_minor) as after_minor
    from sides
    group by sides.user_id, sides.currency, sides.month_on
),

placed as (
    select
        moved.currency,
        moved.month_on,
        moved.before_minor,
        moved.after_minor,
        moved.after_minor - moved.before_minor as change_minor,
        case
            when moved.before_minor = 0 and first_paid.first_on > moved.month_on then 'new'
            when moved.before_minor = 0 then 'reactivated'
            when moved.after_minor = 0 then 'churned'
            when moved.after_minor > moved.before_minor then 'expansion'
            when moved.after_minor < moved.before_minor then 'contraction'
            else 'same'
        end as movement
    from moved
    inner join first_paid on first_paid.user_id = moved.user_id and first_paid.currency = moved.currency
)

select
    currency,
    month_on,
    cast(sum(before_minor) as bigint) as start_minor,
    cast(sum(case when movement = 'new' then change_minor else 0 end) as bigint) as new_minor,
    cast(sum(case when movement = 'reactivated' then change_minor else 0 end) as bigint) as reactivated_minor,
    cast(sum(case when movement = 'expansion' then change_minor else 0 end) as bigint) as expansion_minor,
    cast(sum(case when movement = 'contraction' then change_minor else 0 end) as bigint) as contraction_minor,
    cast(sum(case when movement = 'churned' then change_minor else 0 end) as bigint) as churned_minor,
    cast(sum(after_minor) as bigint) as end_minor,
    count(case when before_minor > 0 then 1 end) as n_start,
    count(case when movement = 'new' then 1 end) as n_new,
    count(case when movement = 'reactivated' then 1 end) as n_reactivated,
    count(case when movement = 'expansion' then 1 end) as n_expansion,
    count(case when movement = 'contraction' then 1 end) as n_contraction,
    count(case when movement = 'churned' then 1 end) as n_churned,
    count(case when after_minor > 0 then 1 end) as n_end
from placed
group by currency, month_on

-- What silence has meant so far: of those silent for d days, how many came back within another horizon, and at all.
-- Only silences whose next horizon lies wholly inside TRAIN count, so nothing is cut off.
-- Grain: one row per number of silent days.
-- Parameters: $horizon_days, $at_risk_days, $complete_until_on (first day that is not wholly inside TRAIN).
with silences as (
    select
        user_id,
        active_on,
        date_diff('day', cast(active_on as date), cast($complete_until_on as date)) as seen_days,
        date_diff(
            'day',
            cast(active_on as date),
            cast(lead(active_on) over (partition by user_id order by active_on) as date)
        ) as gap_days
    from user_days
),

judged as (
    select
        steps.silent_days,
        case when silences.gap_days <= steps.silent_days + $horizon_days then 1 else 0 end as has_returned,
        case when silences.gap_days is not null then 1 else 0 end as has_ever_returned
    from silences
    inner join steps
        on
            coalesce(silences.gap_days, silences.seen_days) > steps.silent_days
            and silences.seen_days >= steps.silent_days + $horizon_days
)

select
    silent_days,
    count(*) as n_silences,
    sum(has_returned) / nullif(cast(count(*) as double), 0) as return_probability,
    sum(has_ever_returned) / nullif(cast(count(*) as double), 0) as ever_returned_share,
    silent_days = $horizon_days as is_horizon,
    silent_days = $at_risk_days as is_at_risk_limit
from judged
group by silent_days

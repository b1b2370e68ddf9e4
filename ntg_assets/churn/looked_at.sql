-- Who is looked at and when: labelled users at their snapshots, everyone at the cutoff and one step before it, and those at risk on the
-- day after their last active day, so that it can be told what the silence since has done.
-- Grain: one row per (user_id, cutoff_on).
-- Parameters: $cutoff_on, $before_on, $at_risk_from_on (dates).
with wanted as (
    select
        user_id,
        snapshot_on as cutoff_on
    from churn_labels
    union all
    select
        user_id,
        cast($cutoff_on as date) as cutoff_on
    from user_days
    union all
    select
        user_id,
        cast($before_on as date) as cutoff_on
    from user_days
    union all
    select
        user_id,
        cast(max(active_on) + interval 1 day as date) as cutoff_on
    from user_days
    where active_on < cast($cutoff_on as date)
    group by user_id
    having max(active_on) >= cast($at_risk_from_on as date)
)

select
    user_id,
    cutoff_on
from wanted
group by user_id, cutoff_on

-- Who is looked at and when: labelled users at their snapshots, everyone at the cutoff and one step before it.
-- Grain: one row per (user_id, cutoff_on).
-- Parameters: $cutoff_on, $before_on (dates).
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
)

select
    user_id,
    cutoff_on
from wanted
group by user_id, cutoff_on

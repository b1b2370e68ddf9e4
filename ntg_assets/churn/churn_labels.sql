-- What followed each closed snapshot for the users who were at risk then: active in [T - at risk, T).
-- A user's row at T hangs on the last active day before T, so each (user, snapshot) is made once.
-- Grain: one row per (user, snapshot); beyond $max_rows every k-th in the order of user and snapshot, so that all users stay.
-- Parameters: $min_tenure_days, $max_rows, $is_truncated (per-user split).
with days as (
    select
        user_id,
        active_on,
        lead(active_on) over (partition by user_id order by active_on) as next_active_on,
        min(active_on) over (partition by user_id) as first_active_on
    from user_days
),

at_risk as (
    select
        days.user_id,
        snapshots.snapshot_on,
        snapshots.window_start_on,
        snapshots.window_end_on,
        date_diff('day', cast(days.active_on as date), cast(snapshots.snapshot_on as date)) as recency_days,
        date_diff('day', cast(days.first_active_on as date), cast(snapshots.snapshot_on as date)) as tenure_days
    from days
    inner join snapshots
        on
            days.active_on < snapshots.snapshot_on
            and days.active_on >= snapshots.at_risk_from_on
    where coalesce(days.next_active_on, date '9999-12-31') >= snapshots.snapshot_on
),

grown as (
    select
        user_id,
        snapshot_on,
        window_start_on,
        window_end_on,
        recency_days,
        tenure_days
    from at_risk
    where tenure_days >= $min_tenure_days
),

numbered as (
    select
        user_id,
        snapshot_on,
        window_start_on,
        window_end_on,
        recency_days,
        tenure_days,
        row_number() over (order by user_id, snapshot_on) as place,
        count(*) over () as n_rows
    from grown
),

kept as (
    select
        user_id,
        snapshot_on,
        window_start_on,
        window_end_on,
        recency_days,
        tenure_days
    from numbered
    where place % cast(ceil(n_rows / cast($max_rows as double)) as bigint) = 0
),

followed as (
    select
        kept.user_id,
        kept.snapshot_on,
        count(*) as n_active_days,
        sum(cast(round(user_days.value_sum * 1e6) as bigint)) as value_millionths
    from kept
    inner join user_days
        on
            user_days.user_id = kept.user_id
            and user_days.active_on >= kept.window_start_on
            and user_days.active_on < kept.window_end_on
    group by kept.user_id, kept.snapshot_on
)

select
    kept.user_id,
    kept.snapshot_on,
    kept.window_start_on,
    kept.window_end_on,
    kept.recency_days,
    kept.tenure_days,
    followed.n_active_days is null as is_churned,
    coalesce(followed.n_active_days, 0) as window_active_days,
    coalesce(cast(followed.value_millionths as double), 0e0) / 1e6 as window_value,
    cast($is_truncated as boolean) as is_truncated
from kept
left join followed on followed.user_id = kept.user_id and followed.snapshot_on = kept.snapshot_on

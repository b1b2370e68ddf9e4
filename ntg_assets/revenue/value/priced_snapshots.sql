-- What users had brought by their snapshots, and in the windows after them, by priced days.
-- Sums are of integers (fixed point), so no result depends on the order of rows.
-- Grain: one row per (user_id, snapshot_on).
-- Parameters: none.
with days as (
    select
        user_id,
        active_on,
        cast(round(value_sum * 1e6) as bigint) as value_millionths
    from priced_days
),

aged as (
    select
        snapshots.user_id,
        snapshots.snapshot_on,
        days.value_millionths,
        date_diff('day', cast(days.active_on as date), cast(snapshots.snapshot_on as date)) as age_days
    from snapshots
    inner join days on days.user_id = snapshots.user_id and days.active_on < snapshots.window_end_on
)

select
    user_id,
    snapshot_on,
    coalesce(cast(sum(case when age_days > 0 then value_millionths end) as double), 0e0) / 1e6 as seen,
    coalesce(
        cast(
            sum(case when age_days > 0 then cast(round(value_millionths * pow(5e-1, age_days / 90e0)) as bigint) end)
            as double
        ),
        0e0
    ) / 1e6 as decayed,
    coalesce(cast(sum(case when age_days <= 0 then value_millionths end) as double), 0e0) / 1e6 as followed
from aged
group by user_id, snapshot_on

-- Until when windows of experiments on logs can be read: a day after the end of their outcome log, or of the interaction log.
-- One row with a wrong year must not end all windows: what lies half a year or more behind everything before it, and is at most a hundredth of
-- the log (or one row), is taken for a wrong date. The log then ends before it.
-- Grain: experiment of exposure_log.
-- Tables: exposure_log, events, outcome_log.
-- Parameters: none.
with asked as (
    select distinct
        experiment,
        case when uses_interaction_log then '' else experiment end as log
    from exposure_log
),

wanted as (
    select distinct log
    from asked
    where log = ''
),

hours as (
    select
        wanted.log,
        date_trunc('hour', events.event_at) as hour_at,
        count(*) as n_rows,
        max(events.event_at) as last_at
    from events
    cross join wanted
    group by wanted.log, date_trunc('hour', events.event_at)
    union all
    select
        experiment as log,
        date_trunc('hour', event_at) as hour_at,
        count(*) as n_rows,
        max(event_at) as last_at
    from outcome_log
    group by experiment, date_trunc('hour', event_at)
),

spaced as (
    select
        log,
        hour_at,
        lag(hour_at) over (partition by log order by hour_at) as hour_before_at,
        sum(n_rows) over (partition by log order by hour_at desc) as n_from_here,
        sum(n_rows) over (partition by log) as n_all
    from hours
),

strays as (
    select
        log,
        min(hour_at) as stray_from_at
    from spaced
    where hour_at >= hour_before_at + interval 180 day and n_from_here <= greatest(1, n_all / 1e2)
    group by log
),

ends as (
    select
        hours.log,
        max(case when strays.stray_from_at is null or hours.hour_at < strays.stray_from_at then hours.last_at end)
            as ended_at,
        sum(case when hours.hour_at >= strays.stray_from_at then hours.n_rows else 0 end) as n_after_end
    from hours
    left join strays
        on strays.log = hours.log
    group by hours.log
)

select
    asked.experiment,
    ends.ended_at,
    ends.ended_at + interval 1 day as readable_until,
    cast(coalesce(ends.n_after_end, 0) as bigint) as n_after_end
from asked
left join ends
    on ends.log = asked.log

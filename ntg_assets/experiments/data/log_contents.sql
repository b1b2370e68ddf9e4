-- What the logs of each experiment hold, and what was left out of its own ones.
-- Grain: (experiment, log, event type); exposures have no type of event.
-- Tables: log_counts (of the experiments' own logs, as they were read), exposure_log, events, log_ends.
-- Parameters: none.
with interacting as (
    select distinct experiment
    from exposure_log
    where uses_interaction_log
),

wanted as (
    select distinct 'interaction log' as log
    from interacting
),

interactions as (
    select
        wanted.log,
        events.event_type,
        count(*) as n_rows,
        min(events.event_at) as first_at,
        max(events.event_at) as last_at
    from events
    cross join wanted
    group by wanted.log, events.event_type
),

counted as (
    select
        experiment,
        log,
        event_type,
        n_rows,
        n_out_of_time,
        n_duplicates,
        n_not_finite,
        first_at,
        last_at
    from log_counts
    union all
    select
        interacting.experiment,
        interactions.log,
        interactions.event_type,
        interactions.n_rows,
        0 as n_out_of_time,
        0 as n_duplicates,
        0 as n_not_finite,
        interactions.first_at,
        interactions.last_at
    from interacting
    cross join interactions
)

select
    counted.experiment,
    counted.log,
    counted.event_type,
    counted.n_rows,
    counted.n_out_of_time,
    counted.n_duplicates,
    counted.n_not_finite,
    counted.first_at,
    counted.last_at,
    case when counted.log <> 'exposures' then log_ends.ended_at end as ended_at,
    case when counted.log <> 'exposures' then log_ends.n_after_end else 0 end as n_after_end
from counted
left join log_ends
    on log_ends.experiment = counted.experiment

-- Until when windows of experiments on logs can be read: a day after the end of their outcome log, or of the interaction log.
-- Grain: experiment of exposure_log.
-- Tables: exposure_log, events, outcome_log.
-- Parameters: none.
with asked as (
    select distinct
        experiment,
        uses_interaction_log
    from exposure_log
),
interaction_log_ends as (
    select max(event_at) as ended_at
    from events
),
outcome_log_ends as (
    select
        experiment,
        max(event_at) as ended_at
    from outcome_log
    group by experiment
)
select
    asked.experiment,
    case when asked.uses_interaction_log then interaction_log_ends.ended_at else outcome_log_ends.ended_at end + interval 1 day as readable_until
from asked
cross join interaction_log_ends
left join outcome_log_ends
    on outcome_log_ends.experiment = asked.experiment

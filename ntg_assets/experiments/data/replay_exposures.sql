-- Who could have seen a list in an offline replay: assigned users who came back in TEST.
-- Coming back is not a result of the list (nobody was shown one), so looking only at them favours no arm.
-- Grain: (experiment, unit, arm).
-- Tables: assignments, experiments (the configured designs), test_events.
-- Parameters: none.
with visits as (
    select
        cast(user_id as varchar) as unit_id,
        min(event_at) as first_exposed_at,
        max(event_at) as last_exposed_at,
        count(*) as n_exposures
    from test_events
    group by cast(user_id as varchar)
)

select
    assignments.experiment,
    assignments.unit_id,
    assignments.arm,
    'offline replay' as source,
    visits.first_exposed_at,
    visits.last_exposed_at,
    visits.n_exposures
from assignments
inner join experiments
    on
        experiments.experiment = assignments.experiment
        and experiments.is_replay
inner join visits
    on visits.unit_id = assignments.unit_id
where assignments.arm is not null

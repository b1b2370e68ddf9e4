-- How many units each arm was given and how many saw it, and how many were somewhere they should not have been.
-- Grain: (experiment, arm), also for arms that nobody was given or saw.
-- What only logs can tell (known, just before, in time) is null in a replay.
-- Tables: arms (the configured designs), assignments, exposures, log_traffic.
-- Parameters: none.
with assigned as (
    select
        experiment,
        arm,
        count(*) as n_assigned
    from assignments
    where arm is not null
    group by experiment, arm
),
arms_per_unit as (
    select
        experiment,
        unit_id,
        count(*) as n_arms
    from exposures
    group by experiment, unit_id
),
exposed as (
    select
        exposures.experiment,
        exposures.arm,
        count(*) as n_exposed,
        sum(case when arms_per_unit.n_arms > 1 then 1 else 0 end) as n_in_several_arms,
        sum(case when assignments.arm is null or assignments.arm <> exposures.arm then 1 else 0 end) as n_not_assigned,
        min(exposures.first_exposed_at) as first_exposed_at,
        max(exposures.last_exposed_at) as last_exposed_at
    from exposures
    inner join arms_per_unit
        on arms_per_unit.experiment = exposures.experiment
        and arms_per_unit.unit_id = exposures.unit_id
    left join assignments
        on assignments.experiment = exposures.experiment
        and assignments.unit_id = exposures.unit_id
    group by exposures.experiment, exposures.arm
)
select
    arms.experiment,
    arms.arm,
    arms.weight,
    coalesce(assigned.n_assigned, 0) as n_assigned,
    coalesce(exposed.n_exposed, 0) as n_exposed,
    cast(coalesce(exposed.n_in_several_arms, 0) as bigint) as n_in_several_arms,
    cast(coalesce(exposed.n_not_assigned, 0) as bigint) as n_not_assigned,
    exposed.first_exposed_at,
    exposed.last_exposed_at,
    log_traffic.n_known,
    log_traffic.n_just_before,
    log_traffic.n_in_time
from arms
left join assigned
    on assigned.experiment = arms.experiment
    and assigned.arm = arms.arm
left join exposed
    on exposed.experiment = arms.experiment
    and exposed.arm = arms.arm
left join log_traffic
    on log_traffic.experiment = arms.experiment
    and log_traffic.arm = arms.arm

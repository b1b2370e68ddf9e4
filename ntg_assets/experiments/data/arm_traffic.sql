-- How many units each arm was given and how many saw it, and how many were somewhere they should not have been.
-- Grain: (experiment, arm), also for arms that nobody was given or saw.
-- A unit that saw several arms has a row of exposures in each. What counts units counts it once, in the arm that it saw first (ties: by name).
-- What only logs can tell (known, just before, in time, clusters) is null in a replay.
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

judged as (
    select
        exposures.experiment,
        exposures.unit_id,
        exposures.arm,
        exposures.first_exposed_at,
        exposures.last_exposed_at,
        case when assignments.arm is null or assignments.arm <> exposures.arm then 1 else 0 end as is_not_assigned,
        row_number() over (
            partition by exposures.experiment, exposures.unit_id
            order by exposures.first_exposed_at, exposures.arm
        ) as place
    from exposures
    left join assignments
        on
            assignments.experiment = exposures.experiment
            and assignments.unit_id = exposures.unit_id
),

units as (
    select
        experiment,
        unit_id,
        count(*) as n_arms,
        max(is_not_assigned) as is_not_assigned
    from judged
    group by experiment, unit_id
),

exposed as (
    select
        judged.experiment,
        judged.arm,
        count(*) as n_exposed,
        sum(case when units.n_arms > 1 then 1 else 0 end) as n_in_several_arms,
        sum(judged.is_not_assigned) as n_not_assigned,
        sum(case when judged.place = 1 then 1 else 0 end) as n_units,
        sum(case when judged.place = 1 and units.n_arms > 1 then 1 else 0 end) as n_units_in_several_arms,
        sum(case when judged.place = 1 then units.is_not_assigned else 0 end) as n_units_not_assigned,
        min(judged.first_exposed_at) as first_exposed_at,
        max(judged.last_exposed_at) as last_exposed_at
    from judged
    inner join units
        on
            units.experiment = judged.experiment
            and units.unit_id = judged.unit_id
    group by judged.experiment, judged.arm
)

select
    arms.experiment,
    arms.arm,
    arms.weight,
    coalesce(assigned.n_assigned, 0) as n_assigned,
    coalesce(exposed.n_exposed, 0) as n_exposed,
    cast(coalesce(exposed.n_in_several_arms, 0) as bigint) as n_in_several_arms,
    cast(coalesce(exposed.n_not_assigned, 0) as bigint) as n_not_assigned,
    cast(coalesce(exposed.n_units, 0) as bigint) as n_units,
    cast(coalesce(exposed.n_units_in_several_arms, 0) as bigint) as n_units_in_several_arms,
    cast(coalesce(exposed.n_units_not_assigned, 0) as bigint) as n_units_not_assigned,
    exposed.first_exposed_at,
    exposed.last_exposed_at,
    log_traffic.n_known,
    log_traffic.n_just_before,
    log_traffic.n_in_time,
    log_traffic.n_clusters,
    log_traffic.n_clusters_in_several_arms
from arms
left join assigned
    on
        assigned.experiment = arms.experiment
        and assigned.arm = arms.arm
left join exposed
    on
        exposed.experiment = arms.experiment
        and exposed.arm = arms.arm
left join log_traffic
    on
        log_traffic.experiment = arms.experiment
        and log_traffic.arm = arms.arm

-- The units of experiments on logs that can be read out, and whether they belong to the last planned look that is reached.
-- Only units whose window had ended when the log ended; a unit that saw several arms is in none, nor are the units of a cluster that did.
-- Units count for a planned look in the order of their exposure, so that what a look sees does not change until the next one is reached.
-- Where no looks are planned (all units were given their arm at once) every readable unit counts.
-- Grain: (experiment, unit).
-- Tables: exposure_log, looks (the configured designs), log_ends.
-- Parameters: none.
with single as (
    select
        experiment,
        unit_id
    from exposure_log
    group by experiment, unit_id
    having count(*) = 1
),

divided_clusters as (
    select
        experiment,
        cluster_id
    from exposure_log
    where cluster_id is not null
    group by experiment, cluster_id
    having min(arm) <> max(arm)
),

ripe as (
    select
        exposure_log.experiment,
        exposure_log.unit_id,
        exposure_log.arm,
        exposure_log.source,
        exposure_log.segment,
        exposure_log.first_exposed_at,
        exposure_log.first_exposed_on,
        exposure_log.pre_start_at,
        exposure_log.window_end_at,
        exposure_log.uses_interaction_log,
        row_number()
            over (partition by exposure_log.experiment order by exposure_log.first_exposed_at, exposure_log.unit_id)
            as place,
        count(*) over (partition by exposure_log.experiment) as n_ripe
    from exposure_log
    inner join single
        on
            single.experiment = exposure_log.experiment
            and single.unit_id = exposure_log.unit_id
    inner join log_ends
        on log_ends.experiment = exposure_log.experiment
    left join divided_clusters
        on
            divided_clusters.experiment = exposure_log.experiment
            and divided_clusters.cluster_id = exposure_log.cluster_id
    where
        exposure_log.window_end_at <= log_ends.readable_until
        and divided_clusters.cluster_id is null
),

planned as (
    select distinct experiment
    from looks
),

look_reached as (
    select
        ripe.experiment,
        max(looks.n_units) as n_units
    from ripe
    inner join looks
        on
            looks.experiment = ripe.experiment
            and looks.n_units <= ripe.n_ripe
    group by ripe.experiment
)

select
    ripe.experiment,
    ripe.unit_id,
    ripe.arm,
    ripe.source,
    ripe.segment,
    ripe.first_exposed_at,
    ripe.first_exposed_on,
    ripe.pre_start_at,
    ripe.window_end_at,
    ripe.uses_interaction_log,
    planned.experiment is null or ripe.place <= coalesce(look_reached.n_units, 0) as is_in_look
from ripe
left join planned
    on planned.experiment = ripe.experiment
left join look_reached
    on look_reached.experiment = ripe.experiment

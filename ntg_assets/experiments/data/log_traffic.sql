-- What the logs say about the exposures of each arm: who is known at all, who came too late, who did something just before, and how many
-- clusters came (null where none are named). A cluster whose units saw several arms counts in each of them.
-- Grain: (experiment, arm) of experiments on logs.
-- Tables: exposure_log, events, outcome_log, log_ends.
-- Parameters: none.
with interacting as (
    select distinct cast(user_id as varchar) as unit_id
    from events
),

known as (
    select
        exposure_log.experiment,
        exposure_log.unit_id
    from exposure_log
    inner join interacting
        on interacting.unit_id = exposure_log.unit_id
    where exposure_log.uses_interaction_log
    union
    select
        experiment,
        unit_id
    from outcome_log
),

just_before as (
    select
        exposure_log.experiment,
        exposure_log.unit_id
    from exposure_log
    inner join events
        on
            cast(events.user_id as varchar) = exposure_log.unit_id
            and events.event_at >= exposure_log.first_exposed_at - interval 1 day
            and events.event_at < exposure_log.first_exposed_at
    where exposure_log.uses_interaction_log
    union
    select
        exposure_log.experiment,
        exposure_log.unit_id
    from exposure_log
    inner join outcome_log
        on
            outcome_log.experiment = exposure_log.experiment
            and outcome_log.unit_id = exposure_log.unit_id
            and outcome_log.event_at >= exposure_log.first_exposed_at - interval 1 day
            and outcome_log.event_at < exposure_log.first_exposed_at
    where not exposure_log.uses_interaction_log
),

clusters as (
    select
        experiment,
        cluster_id,
        min(arm) as first_arm,
        max(arm) as last_arm
    from exposure_log
    where cluster_id is not null
    group by experiment, cluster_id
),

arms_of_clusters as (
    select distinct
        experiment,
        arm,
        cluster_id
    from exposure_log
    where cluster_id is not null
),

cluster_counts as (
    select
        arms_of_clusters.experiment,
        arms_of_clusters.arm,
        count(*) as n_clusters,
        count(case when clusters.first_arm <> clusters.last_arm then 1 end) as n_clusters_in_several_arms
    from arms_of_clusters
    inner join clusters
        on
            clusters.experiment = arms_of_clusters.experiment
            and clusters.cluster_id = arms_of_clusters.cluster_id
    group by arms_of_clusters.experiment, arms_of_clusters.arm
)

select
    exposure_log.experiment,
    exposure_log.arm,
    max(cluster_counts.n_clusters) as n_clusters,
    max(cluster_counts.n_clusters_in_several_arms) as n_clusters_in_several_arms,
    count(known.unit_id) as n_known,
    count(just_before.unit_id) as n_just_before,
    count(case when exposure_log.window_end_at <= log_ends.readable_until then 1 end) as n_in_time
from exposure_log
inner join log_ends
    on log_ends.experiment = exposure_log.experiment
left join known
    on
        known.experiment = exposure_log.experiment
        and known.unit_id = exposure_log.unit_id
left join just_before
    on
        just_before.experiment = exposure_log.experiment
        and just_before.unit_id = exposure_log.unit_id
left join cluster_counts
    on
        cluster_counts.experiment = exposure_log.experiment
        and cluster_counts.arm = exposure_log.arm
group by exposure_log.experiment, exposure_log.arm

-- The primary metric by days since the exposure, added up exactly: whether an effect fades (novelty) or grows (learning).
-- Day null holds the trend contrast: each unit's days weighed from early (negative) to late (positive), so that one number per unit says how
-- its behaviour moves and units, not days, are what a test counts. Values in thousandths; the contrast and its square fit into 38 digits.
-- Grain: (experiment, arm, day), for metrics that are counted per day (no ratio, no quantile) and windows of at least four days.
-- Tables: ripe_units, metrics, metric_event_types (the configured designs), events, outcome_log.
-- Parameters: $largest, beyond which a value cannot be true.
-- lint: allow float-order: what is summed are whole numbers
with asked as (
    select
        experiment,
        metric,
        measure,
        takes_all_types,
        window_days
    from metrics
    where is_primary and window_days >= 4 and kind not in ('ratio', 'quantile')
),
readable as (
    select
        ripe_units.experiment,
        ripe_units.unit_id,
        ripe_units.arm,
        ripe_units.source,
        ripe_units.first_exposed_at,
        ripe_units.first_exposed_on,
        ripe_units.window_end_at,
        ripe_units.uses_interaction_log,
        asked.metric,
        asked.measure,
        asked.takes_all_types,
        asked.window_days
    from ripe_units
    inner join asked
        on asked.experiment = ripe_units.experiment
    where ripe_units.is_in_look
),
arm_units as (
    select
        experiment,
        arm,
        source,
        metric,
        count(*) as n
    from readable
    group by experiment, arm, source, metric
),
happened as (
    select
        readable.experiment,
        readable.unit_id,
        readable.arm,
        readable.metric,
        readable.measure,
        readable.takes_all_types,
        readable.window_days,
        events.event_type,
        events.value,
        date_diff('day', cast(readable.first_exposed_on as date), cast(events.event_on as date)) as day
    from readable
    inner join events
        on cast(events.user_id as varchar) = readable.unit_id
        and events.event_at >= readable.first_exposed_at
        and events.event_at < readable.window_end_at
    where readable.uses_interaction_log
    union all
    select
        readable.experiment,
        readable.unit_id,
        readable.arm,
        readable.metric,
        readable.measure,
        readable.takes_all_types,
        readable.window_days,
        outcome_log.event_type,
        outcome_log.value,
        date_diff('day', cast(readable.first_exposed_on as date), cast(outcome_log.event_on as date)) as day
    from readable
    inner join outcome_log
        on outcome_log.experiment = readable.experiment
        and outcome_log.unit_id = readable.unit_id
        and outcome_log.event_at >= readable.first_exposed_at
        and outcome_log.event_at < readable.window_end_at
    where not readable.uses_interaction_log
),
by_day as (
    select
        happened.experiment,
        happened.unit_id,
        happened.arm,
        happened.measure,
        happened.window_days,
        happened.day,
        count(*) as n_events,
        sum(case when abs(happened.value) <= $largest then cast(round(happened.value * 1e3) as bigint) end) as value_milli
    from happened
    left join metric_event_types
        on metric_event_types.experiment = happened.experiment
        and metric_event_types.metric = happened.metric
        and metric_event_types.event_type = happened.event_type
    where
        (happened.takes_all_types or metric_event_types.event_type is not null)
        and happened.day < happened.window_days
    group by happened.experiment, happened.unit_id, happened.arm, happened.measure, happened.window_days, happened.day
),
counted as (
    select
        experiment,
        unit_id,
        arm,
        day,
        2 * day - window_days + 1 as lateness,
        cast(
            case measure
                when 'value' then coalesce(value_milli, 0)
                when 'events' then 1000 * n_events
                else 1000
            end as decimal(19, 0)
        ) as milli
    from by_day
),
contrasts as (
    select
        experiment,
        unit_id,
        arm,
        sum(lateness * milli) as milli
    from counted
    group by experiment, unit_id, arm
),
both_kinds as (
    select
        experiment,
        arm,
        day,
        sum(milli) as value,
        sum(milli * milli) as value_value
    from counted
    group by experiment, arm, day
    union all
    select
        experiment,
        arm,
        null as day,
        sum(milli) as value,
        sum(cast(milli as decimal(19, 0)) * cast(milli as decimal(19, 0))) as value_value
    from contrasts
    group by experiment, arm
)
select
    arm_units.experiment,
    arm_units.arm,
    cast(both_kinds.day as bigint) as day,
    arm_units.metric,
    arm_units.source,
    arm_units.n,
    cast(both_kinds.value as decimal(38, 0)) as value,
    cast(both_kinds.value_value as decimal(38, 0)) as value_value
from arm_units
inner join both_kinds
    on both_kinds.experiment = arm_units.experiment
    and both_kinds.arm = arm_units.arm

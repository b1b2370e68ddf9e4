-- What each readable unit did in its window after the exposure, and in its pre-period before, from the logs of a running experiment.
-- A missing value of any event makes the unit's value missing, an infinite one infinite: health counts them, no test uses them.
-- Grain: (experiment, unit, arm, metric).
-- Tables: ripe_units, metrics, metric_event_types (the configured designs), metric_items, events, outcome_log.
-- Parameters: $largest, beyond which a value cannot be true.
with happened as (
    select
        ripe.experiment,
        ripe.unit_id,
        ripe.first_exposed_at,
        ripe.first_exposed_on,
        events.event_at,
        events.event_on,
        events.event_type,
        events.value,
        cast(events.item_id as varchar) as item_id
    from ripe_units as ripe
    inner join events
        on
            cast(events.user_id as varchar) = ripe.unit_id
            and events.event_at >= ripe.pre_start_at
            and events.event_at < ripe.window_end_at
    where ripe.uses_interaction_log
    union all
    select
        ripe.experiment,
        ripe.unit_id,
        ripe.first_exposed_at,
        ripe.first_exposed_on,
        outcome_log.event_at,
        outcome_log.event_on,
        outcome_log.event_type,
        outcome_log.value,
        null as item_id
    from ripe_units as ripe
    inner join outcome_log
        on
            outcome_log.experiment = ripe.experiment
            and outcome_log.unit_id = ripe.unit_id
            and outcome_log.event_at >= ripe.pre_start_at
            and outcome_log.event_at < ripe.window_end_at
    where not ripe.uses_interaction_log
),

counting as (
    select
        happened.experiment,
        happened.unit_id,
        metrics.metric,
        happened.event_at >= happened.first_exposed_at as is_after,
        happened.event_on as happened_on,
        happened.value,
        case when abs(happened.value) <= $largest then cast(round(happened.value * 1e6) as bigint) end as value_micro
    from happened
    inner join metrics
        on metrics.experiment = happened.experiment
    left join metric_event_types
        on
            metric_event_types.experiment = happened.experiment
            and metric_event_types.metric = metrics.metric
            and metric_event_types.event_type = happened.event_type
    left join metric_items
        on
            metric_items.experiment = happened.experiment
            and metric_items.metric = metrics.metric
            and metric_items.item_id = happened.item_id
    where
        (metrics.takes_all_types or metric_event_types.event_type is not null)
        and (metrics.takes_all_items or metric_items.item_id is not null)
        and (
            metrics.min_value is null
            or happened.value >= metrics.min_value
            or (happened.value is null and metrics.measure = 'value')
        )
        and (
            metrics.max_value is null
            or happened.value <= metrics.max_value
            or (happened.value is null and metrics.measure = 'value')
        )
        and (
            happened.event_at < happened.first_exposed_at
            or (
                date_diff('day', cast(happened.first_exposed_on as date), cast(happened.event_on as date))
                >= metrics.from_day
                and (
                    metrics.until_day is null
                    or date_diff('day', cast(happened.first_exposed_on as date), cast(happened.event_on as date))
                    < metrics.until_day
                )
            )
        )
),

by_day as (
    select
        experiment,
        unit_id,
        metric,
        is_after,
        happened_on,
        count(*) as n_events,
        sum(value_micro) as value_micro,
        count(case when value is null then 1 end) as n_null,
        count(case when value is not null and value_micro is null then 1 end) as n_unusable
    from counting
    group by experiment, unit_id, metric, is_after, happened_on
),

by_unit as (
    select
        experiment,
        unit_id,
        metric,
        is_after,
        sum(n_events) as n_events,
        count(*) as n_days,
        sum(value_micro) as value_micro,
        sum(n_null) as n_null,
        sum(n_unusable) as n_unusable
    from by_day
    group by experiment, unit_id, metric, is_after
),

measured as (
    select
        ripe.experiment,
        ripe.unit_id,
        ripe.arm,
        ripe.source,
        ripe.segment,
        ripe.is_in_look,
        metrics.metric,
        metrics.denominator as denominator_measure,
        metrics.lowest,
        ripe.pre_start_at < ripe.first_exposed_at as has_pre_period,
        case
            when
                (metrics.measure = 'value' or metrics.denominator = 'value') and after.n_unusable > 0
                then cast('inf' as double)
            when (metrics.measure = 'value' or metrics.denominator = 'value') and after.n_null > 0 then null
            when metrics.measure = 'value' then coalesce(after.value_micro, 0) / 1e6
            when metrics.measure = 'events' then coalesce(after.n_events, 0)
            when metrics.measure = 'active_days' then coalesce(after.n_days, 0)
            else case when after.n_events > 0 then 1 else 0 end
        end as value,
        case metrics.denominator
            when 'value' then coalesce(after.value_micro, 0) / 1e6
            when 'events' then coalesce(after.n_events, 0)
            when 'active_days' then coalesce(after.n_days, 0)
            when 'any' then case when after.n_events > 0 then 1 else 0 end
        end as denominator,
        case metrics.measure
            when 'value' then coalesce(before.value_micro, 0) / 1e6
            when 'events' then coalesce(before.n_events, 0)
            when 'active_days' then coalesce(before.n_days, 0)
            else case when before.n_events > 0 then 1 else 0 end
        end as covariate,
        case metrics.denominator
            when 'value' then coalesce(before.value_micro, 0) / 1e6
            when 'events' then coalesce(before.n_events, 0)
            when 'active_days' then coalesce(before.n_days, 0)
            when 'any' then case when before.n_events > 0 then 1 else 0 end
        end as covariate_denominator
    from ripe_units as ripe
    inner join metrics
        on metrics.experiment = ripe.experiment
    left join by_unit as after
        on
            after.experiment = ripe.experiment
            and after.unit_id = ripe.unit_id
            and after.metric = metrics.metric
            and after.is_after
    left join by_unit as before
        on
            before.experiment = ripe.experiment
            and before.unit_id = ripe.unit_id
            and before.metric = metrics.metric
            and not before.is_after
)

select
    experiment,
    unit_id,
    arm,
    metric,
    source,
    true as is_assigned,
    is_in_look,
    segment,
    cast(case when value < lowest then cast('-inf' as double) else value end as double) as value,
    cast(denominator as double) as denominator,
    cast(case when has_pre_period then covariate end as double) as covariate,
    cast(case when has_pre_period then covariate_denominator end as double) as covariate_denominator
from measured

-- The primary metric by days since the exposure, added up exactly: whether an effect fades (novelty) or grows (learning).
-- Each unit's value is laid on the days on which it came about, so that the days of an arm add up to its value; a metric that asks whether
-- there was any event lies on the day of the first one. Day null holds each unit as a whole, which is what a test counts: its value, and its
-- moment (the sum of day x value), of which the quotient is the day around which an arm's activity lies. Early and late are the units that were
-- exposed before and from the exposure of the one in the middle on; where all were exposed at one moment, all are late. Beside them stand the
-- weeks of the experiment (seven days from its first exposure on), and the days where all units came within two weeks.
-- Values in thousandths; their squares fit into 38 digits.
-- Grain: (experiment, arm, cohort, day), for metrics that are counted per day (no ratio, no quantile) and windows of at least four days.
-- Tables: ripe_units, metrics, metric_event_types (the configured designs), metric_items, events, outcome_log.
-- Parameters: $largest, beyond which a value cannot be true; $daily_until, days of exposures from which on there are no cohorts by day.
with asked as (
    select
        experiment,
        metric,
        measure,
        takes_all_types,
        takes_all_items,
        min_value,
        max_value,
        from_day,
        until_day,
        window_days
    from metrics
    where is_primary and window_days >= 4 and is_daily
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
        asked.takes_all_items,
        asked.min_value,
        asked.max_value,
        asked.from_day,
        asked.until_day,
        row_number() over (
            partition by ripe_units.experiment
            order by ripe_units.first_exposed_at, ripe_units.unit_id
        ) as place,
        count(*) over (partition by ripe_units.experiment) as n_readable
    from ripe_units
    inner join asked
        on asked.experiment = ripe_units.experiment
    where ripe_units.is_in_look
),

spans as (
    select
        experiment,
        min(first_exposed_on) as first_on,
        max(first_exposed_on) as last_on
    from readable
    group by experiment
),

middles as (
    select
        experiment,
        first_exposed_at as late_from_at
    from readable
    where place = floor(n_readable / 2e0) + 1
),

happened as (
    select
        readable.experiment,
        readable.unit_id,
        readable.arm,
        readable.metric,
        readable.measure,
        readable.takes_all_types,
        readable.takes_all_items,
        readable.min_value,
        readable.max_value,
        readable.from_day,
        readable.until_day,
        events.event_type,
        events.value,
        cast(events.item_id as varchar) as item_id,
        date_diff('day', cast(readable.first_exposed_on as date), cast(events.event_on as date)) as day
    from readable
    inner join events
        on
            cast(events.user_id as varchar) = readable.unit_id
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
        readable.takes_all_items,
        readable.min_value,
        readable.max_value,
        readable.from_day,
        readable.until_day,
        outcome_log.event_type,
        outcome_log.value,
        null as item_id,
        date_diff('day', cast(readable.first_exposed_on as date), cast(outcome_log.event_on as date)) as day
    from readable
    inner join outcome_log
        on
            outcome_log.experiment = readable.experiment
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
        happened.day,
        count(*) as n_events,
        sum(case when abs(happened.value) <= $largest then cast(round(happened.value * 1e3) as bigint) end)
            as value_milli
    from happened
    left join metric_event_types
        on
            metric_event_types.experiment = happened.experiment
            and metric_event_types.metric = happened.metric
            and metric_event_types.event_type = happened.event_type
    left join metric_items
        on
            metric_items.experiment = happened.experiment
            and metric_items.metric = happened.metric
            and metric_items.item_id = happened.item_id
    where
        (happened.takes_all_types or metric_event_types.event_type is not null)
        and (happened.takes_all_items or metric_items.item_id is not null)
        and (
            happened.min_value is null
            or happened.value >= happened.min_value
            or (happened.value is null and happened.measure = 'value')
        )
        and (
            happened.max_value is null
            or happened.value <= happened.max_value
            or (happened.value is null and happened.measure = 'value')
        )
        and happened.day >= happened.from_day
        and (happened.until_day is null or happened.day < happened.until_day)
    group by happened.experiment, happened.unit_id, happened.arm, happened.measure, happened.day
),

placed as (
    select
        experiment,
        unit_id,
        arm,
        measure,
        day,
        n_events,
        value_milli,
        min(day) over (partition by experiment, unit_id) as first_day
    from by_day
),

counted as (
    select
        experiment,
        unit_id,
        arm,
        day,
        day = first_day as is_first,
        try_cast(
            case measure
                when 'value' then coalesce(value_milli, 0)
                when 'events' then 1000 * n_events
                else 1000
            end as decimal(19, 0)
        ) as milli
    from placed
    where measure <> 'any' or day = first_day
),

by_unit as (
    select
        experiment,
        unit_id,
        try_cast(sum(milli) as decimal(19, 0)) as value,
        try_cast(sum(day * milli) as decimal(19, 0)) as moment
    from counted
    group by experiment, unit_id
),

units as (
    select
        readable.experiment,
        readable.arm,
        readable.source,
        readable.metric,
        readable.first_exposed_at,
        case when readable.first_exposed_at < middles.late_from_at then 'early' else 'late' end as half,
        date_diff('day', cast(spans.first_on as date), cast(readable.first_exposed_on as date)) as exposed_day,
        spans.first_on,
        date_diff('day', cast(spans.first_on as date), cast(spans.last_on as date)) < $daily_until as is_short,
        by_unit.value,
        by_unit.moment
    from readable
    inner join middles
        on middles.experiment = readable.experiment
    inner join spans
        on spans.experiment = readable.experiment
    left join by_unit
        on
            by_unit.experiment = readable.experiment
            and by_unit.unit_id = readable.unit_id
),

divided as (
    select
        experiment,
        arm,
        source,
        metric,
        first_exposed_at,
        'half' as cohort_kind,
        half as cohort,
        value,
        moment
    from units
    union all
    select
        experiment,
        arm,
        source,
        metric,
        first_exposed_at,
        'week' as cohort_kind,
        cast(cast(first_on + interval 7 day * cast(floor(exposed_day / 7e0) as integer) as date) as varchar) as cohort,
        value,
        moment
    from units
    union all
    select
        experiment,
        arm,
        source,
        metric,
        first_exposed_at,
        'day' as cohort_kind,
        cast(cast(first_on + interval 1 day * exposed_day as date) as varchar) as cohort,
        value,
        moment
    from units
    where is_short
),

cohorts as (
    select
        experiment,
        arm,
        source,
        metric,
        cohort_kind,
        cohort,
        count(*) as n,
        min(first_exposed_at) as exposed_from_at,
        sum(value) as value,
        sum(value * value) as value_value,
        sum(moment) as moment,
        sum(moment * moment) as moment_moment,
        sum(value * moment) as value_moment
    from divided
    group by experiment, arm, source, metric, cohort_kind, cohort
),

arms as (
    select
        experiment,
        arm,
        source,
        metric,
        sum(n) as n,
        min(exposed_from_at) as exposed_from_at,
        sum(value) as value,
        sum(value_value) as value_value,
        sum(moment) as moment,
        sum(moment_moment) as moment_moment,
        sum(value_moment) as value_moment
    from cohorts
    where cohort_kind = 'half'
    group by experiment, arm, source, metric
),

days as (
    select
        experiment,
        arm,
        day,
        count(*) as n_active,
        count(case when is_first then 1 end) as n_first,
        sum(milli) as value,
        sum(milli * milli) as value_value
    from counted
    group by experiment, arm, day
),

all_rows as (
    select
        arms.experiment,
        arms.arm,
        'all' as cohort_kind,
        'all' as cohort,
        days.day,
        arms.metric,
        arms.source,
        arms.n,
        arms.exposed_from_at,
        days.n_active,
        days.n_first,
        days.value,
        days.value_value,
        null as moment,
        null as moment_moment,
        null as value_moment
    from arms
    inner join days
        on
            days.experiment = arms.experiment
            and days.arm = arms.arm
    union all
    select
        experiment,
        arm,
        'all' as cohort_kind,
        'all' as cohort,
        null as day,
        metric,
        source,
        n,
        exposed_from_at,
        null as n_active,
        null as n_first,
        value,
        value_value,
        moment,
        moment_moment,
        value_moment
    from arms
    union all
    select
        experiment,
        arm,
        cohort_kind,
        cohort,
        null as day,
        metric,
        source,
        n,
        exposed_from_at,
        null as n_active,
        null as n_first,
        value,
        value_value,
        moment,
        moment_moment,
        value_moment
    from cohorts
)

select
    experiment,
    arm,
    cohort_kind,
    cohort,
    cast(day as bigint) as day,
    metric,
    source,
    cast(n as bigint) as n,
    exposed_from_at,
    cast(n_active as bigint) as n_active,
    cast(n_first as bigint) as n_first,
    cast(coalesce(value, 0) as decimal(38, 0)) as value,
    cast(coalesce(value_value, 0) as decimal(38, 0)) as value_value,
    cast(case when day is null then coalesce(moment, 0) end as decimal(38, 0)) as moment,
    cast(case when day is null then coalesce(moment_moment, 0) end as decimal(38, 0)) as moment_moment,
    cast(case when day is null then coalesce(value_moment, 0) end as decimal(38, 0)) as value_moment
from all_rows

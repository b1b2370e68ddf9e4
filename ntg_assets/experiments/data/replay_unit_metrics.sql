-- What each exposed user took up in TEST, held against the list of every arm of an offline replay.
-- Rows with `is_assigned` make the comparison between users; all rows of a user together make the paired one.
-- The covariate is the same quantity in VAL, just before TEST, where no list of any arm was shown either.
-- Grain: (experiment, unit, arm, metric).
-- Tables: exposures, arms, metrics (the configured designs), risk_segments, strategy_lists, val_events, test_events.
-- Parameters: none.
with exposed as (
    select
        exposures.experiment,
        exposures.unit_id,
        arms.arm,
        arms.strategy,
        arms.list_length,
        exposures.arm = arms.arm as is_assigned
    from exposures
    inner join arms
        on arms.experiment = exposures.experiment
    where exposures.source = 'offline replay'
),

taken as (
    select
        cast(user_id as varchar) as unit_id,
        item_id,
        sum(cast(round(value * 1e6) as bigint)) as value_micro
    from test_events
    group by cast(user_id as varchar), item_id
),

taken_totals as (
    select
        unit_id,
        count(*) as n_items
    from taken
    group by unit_id
),

test_days as (
    select distinct
        cast(user_id as varchar) as unit_id,
        event_on as active_on
    from test_events
),

active_days as (
    select
        unit_id,
        count(*) as n_days
    from test_days
    group by unit_id
),

pre_taken as (
    select
        cast(user_id as varchar) as unit_id,
        item_id,
        sum(cast(round(value * 1e6) as bigint)) as value_micro
    from val_events
    group by cast(user_id as varchar), item_id
),

pre_items as (
    select
        unit_id,
        count(*) as n_items,
        sum(value_micro) as value_micro
    from pre_taken
    group by unit_id
),

val_days as (
    select distinct
        cast(user_id as varchar) as unit_id,
        event_on as active_on
    from val_events
),

pre_days as (
    select
        unit_id,
        count(*) as n_days
    from val_days
    group by unit_id
),

shown as (
    select
        strategy,
        cast(user_id as varchar) as unit_id,
        item_id,
        rank
    from strategy_lists
),

matched as (
    select
        exposed.experiment,
        exposed.unit_id,
        exposed.arm,
        count(*) as n_items,
        sum(taken.value_micro) as value_micro
    from exposed
    inner join shown
        on
            shown.strategy = exposed.strategy
            and shown.unit_id = exposed.unit_id
            and shown.rank <= exposed.list_length
    inner join taken
        on
            taken.unit_id = shown.unit_id
            and taken.item_id = shown.item_id
    group by exposed.experiment, exposed.unit_id, exposed.arm
)

select
    exposed.experiment,
    exposed.unit_id,
    exposed.arm,
    metrics.metric,
    'offline replay' as source,
    exposed.is_assigned,
    true as is_in_look,
    coalesce(risk_segments.segment, 'not on the radar') as segment,
    cast(case metrics.metric
        when 'matched_items' then coalesce(matched.n_items, 0)
        when 'match_share' then coalesce(matched.n_items, 0)
        when 'matched_value' then coalesce(matched.value_micro, 0) / 1e6
        when 'hit' then case when matched.n_items > 0 then 1 else 0 end
        when 'active_days' then active_days.n_days
    end as double) as value,
    cast(case when metrics.metric = 'match_share' then taken_totals.n_items end as double) as denominator,
    cast(case metrics.metric
        when 'matched_items' then coalesce(pre_items.n_items, 0)
        when 'matched_value' then coalesce(pre_items.value_micro, 0) / 1e6
        when 'hit' then case when pre_items.n_items > 0 then 1 else 0 end
        when 'active_days' then coalesce(pre_days.n_days, 0)
    end as double) as covariate,
    cast(null as double) as covariate_denominator
from exposed
inner join metrics
    on metrics.experiment = exposed.experiment
inner join taken_totals
    on taken_totals.unit_id = exposed.unit_id
inner join active_days
    on active_days.unit_id = exposed.unit_id
left join risk_segments
    on risk_segments.unit_id = exposed.unit_id
left join pre_items
    on pre_items.unit_id = exposed.unit_id
left join pre_days
    on pre_days.unit_id = exposed.unit_id
left join matched
    on
        matched.experiment = exposed.experiment
        and matched.unit_id = exposed.unit_id
        and matched.arm = exposed.arm

-- Exact sums behind every statistic: one pass over the units, in integers, so they are the same in any order and on any number of threads,
-- and no digit is lost to cancellation however large the values are against their spread.
-- Values are counted in millionths; products in millionths of millionths. Null and unusable values are counted apart and are not in `n`.
-- Between users: each unit under its own arm, cut at the cap of a winsorised metric. Paired: the unit's value under a treatment minus its value under the control.
-- Grain: (experiment, comparison, metric, arm, segment).
-- Tables: unit_metrics, metric_caps, arms, metrics (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true.
with between_users as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.arm,
        unit_metrics.segment,
        unit_metrics.source,
        case when unit_metrics.value > caps.cap and unit_metrics.value <= $largest then caps.cap else unit_metrics.value end as value,
        coalesce(unit_metrics.denominator, 1e0) as denominator,
        coalesce(unit_metrics.covariate, 0e0) as covariate,
        coalesce(unit_metrics.covariate_denominator, 1e0) as covariate_denominator
    from unit_metrics
    left join metric_caps as caps
        on caps.experiment = unit_metrics.experiment
        and caps.metric = unit_metrics.metric
    where unit_metrics.is_assigned
),
under_control as (
    select
        unit_metrics.experiment,
        unit_metrics.unit_id,
        unit_metrics.metric,
        unit_metrics.value
    from unit_metrics
    inner join arms
        on arms.experiment = unit_metrics.experiment
        and arms.arm = unit_metrics.arm
        and arms.arm_position = 0
    inner join metrics
        on metrics.experiment = unit_metrics.experiment
        and metrics.metric = unit_metrics.metric
        and metrics.kind <> 'ratio'
    where unit_metrics.source = 'offline replay'
),
paired as (
    select
        treated.experiment,
        treated.metric,
        treated.arm,
        treated.segment,
        treated.source,
        treated.value - under_control.value as value,
        1e0 as denominator,
        0e0 as covariate,
        1e0 as covariate_denominator
    from unit_metrics as treated
    inner join under_control
        on under_control.experiment = treated.experiment
        and under_control.unit_id = treated.unit_id
        and under_control.metric = treated.metric
    inner join arms
        on arms.experiment = treated.experiment
        and arms.arm = treated.arm
        and arms.arm_position > 0
),
both_comparisons as (
    select 'between users' as comparison, * from between_users
    union all
    select 'paired' as comparison, * from paired
),
judged as (
    select
        *,
        abs(value) <= $largest
        and abs(denominator) <= $largest
        and abs(covariate) <= $largest
        and abs(covariate_denominator) <= $largest as is_usable
    from both_comparisons
),
counted as (
    select
        experiment,
        comparison,
        metric,
        arm,
        segment,
        source,
        value is null as is_null,
        cast(case when is_usable then round(value * 1e6) end as decimal(19, 0)) as v,
        cast(case when is_usable then round(denominator * 1e6) end as decimal(19, 0)) as d,
        cast(case when is_usable then round(covariate * 1e6) end as decimal(19, 0)) as x,
        cast(case when is_usable then round(covariate_denominator * 1e6) end as decimal(19, 0)) as w
    from judged
)
select
    experiment,
    comparison,
    metric,
    arm,
    segment,
    source,
    count(v) as n,
    count(case when is_null then 1 end) as n_null,
    count(case when v is null and not is_null then 1 end) as n_unusable,
    coalesce(sum(v), 0) as value,
    coalesce(sum(d), 0) as denominator,
    coalesce(sum(x), 0) as covariate,
    coalesce(sum(w), 0) as covariate_denominator,
    coalesce(sum(v * v), 0) as value_value,
    coalesce(sum(v * d), 0) as value_denominator,
    coalesce(sum(v * x), 0) as value_covariate,
    coalesce(sum(v * w), 0) as value_covariate_denominator,
    coalesce(sum(d * d), 0) as denominator_denominator,
    coalesce(sum(d * x), 0) as denominator_covariate,
    coalesce(sum(d * w), 0) as denominator_covariate_denominator,
    coalesce(sum(x * x), 0) as covariate_covariate,
    coalesce(sum(x * w), 0) as covariate_covariate_denominator,
    coalesce(sum(w * w), 0) as covariate_denominator_covariate_denominator
from counted
group by experiment, comparison, metric, arm, segment, source

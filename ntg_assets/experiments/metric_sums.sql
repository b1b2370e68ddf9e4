-- Exact sums behind every statistic: one pass over the units, in integers, so they are the same in any order and on any number of threads,
-- and no digit is lost to cancellation however large the values are against their spread.
-- Values are counted in millionths; products in millionths of millionths. Null and unusable values are counted apart and are not in `n`.
-- A denominator that is null throughout a metric is the constant 1, a covariate that is null counts 0.
-- Since the look: what came in after the last planned look, which only harm is judged on.
-- Between users: each unit under its own arm. Paired: the unit's value under a treatment minus its value under the control.
-- Grain: (experiment, comparison, metric, arm, segment).
-- Tables: unit_metrics, arms, metrics (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true.
-- lint: allow float-order: what is summed are whole numbers (bigint, and decimals without a fraction)
with between_users as (
    select
        case when is_in_look then 0 else 1 end as kind,
        experiment,
        metric,
        arm,
        segment,
        value,
        denominator,
        covariate,
        covariate_denominator
    from unit_metrics
    where is_assigned
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
        2 as kind,
        treated.experiment,
        treated.metric,
        treated.arm,
        treated.segment,
        treated.value - under_control.value as value,
        cast(null as double) as denominator,
        cast(null as double) as covariate,
        cast(null as double) as covariate_denominator
    from unit_metrics as treated
    inner join under_control
        on under_control.experiment = treated.experiment
        and under_control.unit_id = treated.unit_id
        and under_control.metric = treated.metric
    inner join arms
        on arms.experiment = treated.experiment
        and arms.arm = treated.arm
        and arms.arm_position > 0
    where treated.source = 'offline replay'
),
both_comparisons as (
    select
        kind,
        experiment,
        metric,
        arm,
        segment,
        value,
        denominator,
        covariate,
        covariate_denominator
    from between_users
    union all
    select
        kind,
        experiment,
        metric,
        arm,
        segment,
        value,
        denominator,
        covariate,
        covariate_denominator
    from paired
),
judged as (
    select
        *,
        abs(value) <= $largest
        and coalesce(abs(denominator) <= $largest, true)
        and coalesce(abs(covariate) <= $largest, true)
        and coalesce(abs(covariate_denominator) <= $largest, true) as is_usable
    from both_comparisons
),
counted as (
    select
        kind,
        experiment,
        metric,
        arm,
        segment,
        value is null as is_null,
        cast(case when is_usable then round(value * 1e6) end as bigint) as v,
        cast(case when is_usable then round(denominator * 1e6) end as bigint) as d,
        cast(case when is_usable then round(covariate * 1e6) end as bigint) as x,
        cast(case when is_usable then round(covariate_denominator * 1e6) end as bigint) as w
    from judged
),
summed as (
    select
        kind,
        experiment,
        metric,
        arm,
        segment,
        count(v) as n,
        count(case when is_null then 1 end) as n_null,
        count(case when v is null and not is_null then 1 end) as n_unusable,
        cast(sum(v) as decimal(38, 0)) as v,
        cast(sum(d) as decimal(38, 0)) as d,
        cast(sum(x) as decimal(38, 0)) as x,
        cast(sum(w) as decimal(38, 0)) as w,
        sum(cast(v as decimal(19, 0)) * cast(v as decimal(19, 0))) as vv,
        sum(cast(v as decimal(19, 0)) * cast(d as decimal(19, 0))) as vd,
        sum(cast(v as decimal(19, 0)) * cast(x as decimal(19, 0))) as vx,
        sum(cast(v as decimal(19, 0)) * cast(w as decimal(19, 0))) as vw,
        sum(cast(d as decimal(19, 0)) * cast(d as decimal(19, 0))) as dd,
        sum(cast(d as decimal(19, 0)) * cast(x as decimal(19, 0))) as dx,
        sum(cast(d as decimal(19, 0)) * cast(w as decimal(19, 0))) as dw,
        sum(cast(x as decimal(19, 0)) * cast(x as decimal(19, 0))) as xx,
        sum(cast(x as decimal(19, 0)) * cast(w as decimal(19, 0))) as xw,
        sum(cast(w as decimal(19, 0)) * cast(w as decimal(19, 0))) as ww
    from counted
    group by kind, experiment, metric, arm, segment
)
select
    summed.experiment,
    case summed.kind when 0 then 'between users' when 1 then 'since the look' else 'paired' end as comparison,
    summed.metric,
    summed.arm,
    summed.segment,
    metrics.source,
    summed.n,
    summed.n_null,
    summed.n_unusable,
    cast(coalesce(v, 0) as decimal(38, 0)) as value,
    cast(coalesce(d, 1000000 * n) as decimal(38, 0)) as denominator,
    cast(coalesce(x, 0) as decimal(38, 0)) as covariate,
    cast(coalesce(w, 1000000 * n) as decimal(38, 0)) as covariate_denominator,
    cast(coalesce(vv, 0) as decimal(38, 0)) as value_value,
    cast(coalesce(vd, 1000000 * v, 0) as decimal(38, 0)) as value_denominator,
    cast(coalesce(vx, 0) as decimal(38, 0)) as value_covariate,
    cast(coalesce(vw, 1000000 * v, 0) as decimal(38, 0)) as value_covariate_denominator,
    cast(coalesce(dd, 1000000000000 * n) as decimal(38, 0)) as denominator_denominator,
    cast(coalesce(dx, 1000000 * x, 0) as decimal(38, 0)) as denominator_covariate,
    cast(coalesce(dw, 1000000 * w, 1000000 * d, 1000000000000 * n) as decimal(38, 0)) as denominator_covariate_denominator,
    cast(coalesce(xx, 0) as decimal(38, 0)) as covariate_covariate,
    cast(coalesce(xw, 1000000 * x, 0) as decimal(38, 0)) as covariate_covariate_denominator,
    cast(coalesce(ww, 1000000000000 * n) as decimal(38, 0)) as covariate_denominator_covariate_denominator
from summed
inner join metrics
    on metrics.experiment = summed.experiment
    and metrics.metric = summed.metric

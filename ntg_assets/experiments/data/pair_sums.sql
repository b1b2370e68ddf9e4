-- Exact sums over pairs: each user's value under a treatment minus the same user's value under the control. Only a replay knows both.
-- Counted in millionths, like `unit_sums`; ratios have no pairs, because the mean of differences is not the difference of ratios.
-- Grain: (experiment, metric, arm, segment), treatments only.
-- Tables: unit_metrics, arms, metrics (the configured designs).
-- Parameters: none.
-- lint: allow float-order: what is summed are whole numbers (decimals without a fraction)
with under_control as (
    select
        unit_metrics.experiment,
        unit_metrics.unit_id,
        unit_metrics.metric,
        unit_metrics.value
    from unit_metrics
    inner join arms
        on
            arms.experiment = unit_metrics.experiment
            and arms.arm = unit_metrics.arm
            and arms.arm_position = 0
    inner join metrics
        on
            metrics.experiment = unit_metrics.experiment
            and metrics.metric = unit_metrics.metric
            and metrics.has_pairs
    where unit_metrics.source = 'offline replay'
),

paired as (
    select
        treated.experiment,
        treated.metric,
        treated.arm,
        treated.segment,
        treated.value - under_control.value as value
    from unit_metrics as treated
    inner join under_control
        on
            under_control.experiment = treated.experiment
            and under_control.unit_id = treated.unit_id
            and under_control.metric = treated.metric
    inner join arms
        on
            arms.experiment = treated.experiment
            and arms.arm = treated.arm
            and arms.arm_position > 0
    where treated.source = 'offline replay'
),

counted as (
    select
        experiment,
        metric,
        arm,
        segment,
        value,
        try_cast(round(value * 1e6) as decimal(16, 0)) as v
    from paired
)

select
    experiment,
    metric,
    arm,
    segment,
    count(v) as n,
    count(*) - count(value) as n_null,
    count(value) - count(v) as n_unusable,
    count(nullif(v, 0)) as n_nonzero,
    max(abs(v)) as largest,
    sum(v) as v,
    sum(cast(v as decimal(19, 0)) * cast(v as decimal(19, 0))) as vv
from counted
group by experiment, metric, arm, segment

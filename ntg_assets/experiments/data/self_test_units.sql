-- Units under the control arm on whose values the self-tests are run: those with the smallest buckets, which is a random choice that stays.
-- Grain: (experiment, metric, unit).
-- Tables: unit_metrics, assignments, arms (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true; $most_units per metric.
with ranked as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.unit_id,
        unit_metrics.value,
        row_number() over (
            partition by unit_metrics.experiment, unit_metrics.metric
            order by assignments.bucket, unit_metrics.unit_id
        ) as place
    from unit_metrics
    inner join arms
        on arms.experiment = unit_metrics.experiment
        and arms.arm = unit_metrics.arm
        and arms.arm_position = 0
    inner join assignments
        on assignments.experiment = unit_metrics.experiment
        and assignments.unit_id = unit_metrics.unit_id
    where abs(unit_metrics.value) <= $largest
)
select
    experiment,
    metric,
    unit_id,
    value
from ranked
where place <= $most_units

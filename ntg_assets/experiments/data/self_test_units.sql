-- Units of every arm on which the self-tests are run: those with the smallest buckets, which is a random choice that stays and keeps the shares
-- of the arms. Values are those that are compared: winsorised where metrics are.
-- Grain: (experiment, metric, unit).
-- Tables: unit_metrics, assignments.
-- Parameters: $largest, beyond which a value cannot be true; $most_units per metric.
with ranked as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.unit_id,
        unit_metrics.arm,
        unit_metrics.value,
        unit_metrics.denominator,
        unit_metrics.covariate,
        unit_metrics.covariate_denominator,
        row_number() over (
            partition by unit_metrics.experiment, unit_metrics.metric
            order by assignments.bucket, unit_metrics.unit_id
        ) as place
    from unit_metrics
    inner join assignments
        on
            assignments.experiment = unit_metrics.experiment
            and assignments.unit_id = unit_metrics.unit_id
    where
        unit_metrics.is_assigned
        and unit_metrics.is_in_look
        and abs(unit_metrics.value) <= $largest
        and (unit_metrics.denominator is null or abs(unit_metrics.denominator) <= $largest)
        and (unit_metrics.covariate is null or abs(unit_metrics.covariate) <= $largest)
        and (unit_metrics.covariate_denominator is null or abs(unit_metrics.covariate_denominator) <= $largest)
)

select
    experiment,
    metric,
    unit_id,
    arm,
    value,
    denominator,
    covariate,
    covariate_denominator
from ranked
where place <= $most_units

-- Third and fourth powers of the values of each arm as its test sees them, in standard deviations: what tells whether skewed values and arms
-- of unequal size break Welch's test. Only for metrics in whose arms it can matter; the numbers to subtract and divide by are those of the sums.
-- Counted in millionths, so that the order of the units does not matter.
-- Grain: (experiment, metric, arm).
-- Tables: unit_metrics (winsorised where metrics are), scales.
-- Parameters: $largest, beyond which a value cannot be true.
-- lint: allow float-order: what is summed are whole numbers (decimals without a fraction)
with standardised as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.arm,
        unit_metrics.source,
        (
            (unit_metrics.value - scales.mean * coalesce(unit_metrics.denominator, 1e0)) / nullif(scales.denominator, 0)
            - scales.theta
            * (
                coalesce(unit_metrics.covariate, 0e0)
                - scales.covariate * coalesce(unit_metrics.covariate_denominator, 1e0)
            )
            / nullif(scales.covariate_denominator, 0)
        ) / nullif(scales.deviation, 0) as z
    from unit_metrics
    inner join scales
        on
            scales.experiment = unit_metrics.experiment
            and scales.metric = unit_metrics.metric
            and scales.arm = unit_metrics.arm
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
    arm,
    source,
    count(*) as n,
    cast(sum(cast(round(z * z * z * 1e6) as decimal(38, 0))) as decimal(38, 0)) as third,
    cast(sum(cast(round(z * z * z * z * 1e6) as decimal(38, 0))) as decimal(38, 0)) as fourth
from standardised
group by experiment, metric, arm, source

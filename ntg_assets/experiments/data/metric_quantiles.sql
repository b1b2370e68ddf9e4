-- The order statistics behind quantile metrics: the quantile of each arm, and the two values that enclose it with the wanted confidence.
-- How many units lie below a quantile is binomial, which gives the ranks, rounded to the nearest: outward rounding would cover 97% with a few
-- hundred units (measured), because the variance is read off their distance. An end beyond the smallest or largest unit is null.
-- Equal values are counted, because with many of them that distance says nothing.
-- Grain: (experiment, metric, arm).
-- Tables: unit_metrics, metrics (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true; $z, standard normal quantile of the confidence.
with ranked as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.arm,
        unit_metrics.source,
        unit_metrics.value,
        metrics.quantile,
        row_number() over (
            partition by unit_metrics.experiment, unit_metrics.metric, unit_metrics.arm
            order by unit_metrics.value, unit_metrics.unit_id
        ) as place,
        count(*) over (
            partition by unit_metrics.experiment, unit_metrics.metric, unit_metrics.arm, unit_metrics.value
        ) as n_equal,
        count(*) over (partition by unit_metrics.experiment, unit_metrics.metric, unit_metrics.arm) as n
    from unit_metrics
    inner join metrics
        on metrics.experiment = unit_metrics.experiment
        and metrics.metric = unit_metrics.metric
        and metrics.kind = 'quantile'
    where unit_metrics.is_assigned and unit_metrics.is_in_look and abs(unit_metrics.value) <= $largest
),
placed as (
    select
        experiment,
        metric,
        arm,
        source,
        value,
        n,
        n_equal,
        place,
        ceil(n * quantile) as middle_place,
        floor(n * quantile - $z * sqrt(n * quantile * (1 - quantile)) + 0.5e0) as low_place,
        floor(n * quantile + $z * sqrt(n * quantile * (1 - quantile)) + 0.5e0) as high_place
    from ranked
)
select
    experiment,
    metric,
    arm,
    source,
    n,
    max(case when place = middle_place then value end) as value,
    max(case when place = low_place then value end) as low,
    max(case when place = high_place then value end) as high,
    max(case when place = middle_place then n_equal end) as n_equal,
    max(case when place between low_place and high_place then n_equal end) as n_tied,
    cast(max(high_place - low_place + 1) as bigint) as n_spanned
from placed
group by experiment, metric, arm, source, n

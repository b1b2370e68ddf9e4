-- Above and below which values a winsorised metric is cut: quantiles of all arms together, so that no arm has a cap of its own.
-- Grain: (experiment, metric), for winsorised metrics with at least one usable value.
-- Tables: unit_metrics, metrics (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true.
with ranked as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.value,
        row_number() over (
            partition by unit_metrics.experiment, unit_metrics.metric
            order by unit_metrics.value, unit_metrics.unit_id
        ) as place,
        ceil(count(*) over (partition by unit_metrics.experiment, unit_metrics.metric) * metrics.winsorise_at)
            as cap_place,
        ceil(count(*) over (partition by unit_metrics.experiment, unit_metrics.metric) * metrics.winsorise_below)
            as floor_place
    from unit_metrics
    inner join metrics
        on
            metrics.experiment = unit_metrics.experiment
            and metrics.metric = unit_metrics.metric
            and (metrics.winsorise_at is not null or metrics.winsorise_below is not null)
    where unit_metrics.is_assigned and unit_metrics.is_in_look and abs(unit_metrics.value) <= $largest
)

select
    experiment,
    metric,
    max(case when place = cap_place then value end) as cap,
    max(case when place = floor_place then value end) as lowest
from ranked
where place = cap_place or place = floor_place
group by experiment, metric

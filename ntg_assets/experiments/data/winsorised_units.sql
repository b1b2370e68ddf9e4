-- The units with the values of winsorised metrics cut at their caps; everything else as it was.
-- Grain: (experiment, unit, arm, metric).
-- Tables: unit_metrics, metric_caps.
-- Parameters: $largest, beyond which a value cannot be true (such a value is not cut into a possible one).
select
    unit_metrics.experiment,
    unit_metrics.unit_id,
    unit_metrics.arm,
    unit_metrics.metric,
    unit_metrics.source,
    unit_metrics.is_assigned,
    unit_metrics.is_in_look,
    unit_metrics.segment,
    case
        when unit_metrics.value > metric_caps.cap and unit_metrics.value <= $largest then metric_caps.cap
        when unit_metrics.value < metric_caps.lowest and unit_metrics.value >= -$largest then metric_caps.lowest
        else unit_metrics.value
    end as value,
    unit_metrics.denominator,
    unit_metrics.covariate,
    unit_metrics.covariate_denominator
from unit_metrics
left join metric_caps
    on
        metric_caps.experiment = unit_metrics.experiment
        and metric_caps.metric = unit_metrics.metric

-- What each unit did, from every source; the `source` column keeps them apart.
-- Grain: (experiment, unit, arm, metric).
-- Tables: replay_unit_metrics, log_unit_metrics.
-- Parameters: none.
select
    experiment,
    unit_id,
    arm,
    metric,
    source,
    is_assigned,
    is_in_look,
    segment,
    value,
    denominator,
    covariate,
    covariate_denominator
from replay_unit_metrics
union all
select
    experiment,
    unit_id,
    arm,
    metric,
    source,
    is_assigned,
    is_in_look,
    segment,
    value,
    denominator,
    covariate,
    covariate_denominator
from log_unit_metrics

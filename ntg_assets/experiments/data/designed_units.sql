-- Units of the metrics that are compared by clusters, strata or covariates of the exposure log, with these.
-- Values are those that are compared: winsorised where metrics are.
-- Grain: (experiment, metric, unit).
-- Tables: unit_metrics, exposure_log, designed (the configured designs).
-- Parameters: none.
select
    unit_metrics.experiment,
    unit_metrics.metric,
    unit_metrics.unit_id,
    unit_metrics.arm,
    unit_metrics.segment,
    unit_metrics.is_in_look,
    unit_metrics.value,
    unit_metrics.denominator,
    unit_metrics.covariate,
    unit_metrics.covariate_denominator,
    exposure_log.cluster_id,
    exposure_log.stratum,
    exposure_log.covariates
from unit_metrics
inner join designed
    on
        designed.experiment = unit_metrics.experiment
        and designed.metric = unit_metrics.metric
inner join exposure_log
    on
        exposure_log.experiment = unit_metrics.experiment
        and exposure_log.unit_id = unit_metrics.unit_id
        and exposure_log.arm = unit_metrics.arm
where unit_metrics.is_assigned

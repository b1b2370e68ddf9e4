-- Exact sums behind every statistic, for both ways to compare: arms of different users, and (in a replay) each user under both.
-- A denominator that is null throughout a metric is the constant 1, a covariate that is null counts 0.
-- Since the look: what came in after the last planned look, which only harm is judged on.
-- Grain: (experiment, comparison, metric, arm, segment).
-- Tables: unit_sums, pair_sums, metrics (the configured designs).
-- Parameters: none.
with summed as (
    select
        experiment,
        case when is_in_look then 'between users' else 'since the look' end as comparison,
        metric,
        arm,
        segment,
        n,
        n_null,
        n_unusable,
        n_nonzero,
        largest,
        v,
        d,
        x,
        w,
        vv,
        vd,
        vx,
        vw,
        dd,
        dx,
        dw,
        xx,
        xw,
        ww
    from unit_sums
    union all
    select
        experiment,
        'paired' as comparison,
        metric,
        arm,
        segment,
        n,
        n_null,
        n_unusable,
        n_nonzero,
        largest,
        v,
        null as d,
        null as x,
        null as w,
        vv,
        null as vd,
        null as vx,
        null as vw,
        null as dd,
        null as dx,
        null as dw,
        null as xx,
        null as xw,
        null as ww
    from pair_sums
)

select
    summed.experiment,
    summed.comparison,
    summed.metric,
    summed.arm,
    summed.segment,
    metrics.source,
    cast(summed.n as bigint) as n,
    cast(summed.n_null as bigint) as n_null,
    cast(summed.n_unusable as bigint) as n_unusable,
    cast(summed.n_nonzero as bigint) as n_nonzero,
    cast(coalesce(summed.largest, 0) as decimal(38, 0)) as largest,
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
    cast(coalesce(dw, 1000000 * w, 1000000 * d, 1000000000000 * n) as decimal(38, 0))
        as denominator_covariate_denominator,
    cast(coalesce(xx, 0) as decimal(38, 0)) as covariate_covariate,
    cast(coalesce(xw, 1000000 * x, 0) as decimal(38, 0)) as covariate_covariate_denominator,
    cast(coalesce(ww, 1000000000000 * n) as decimal(38, 0)) as covariate_denominator_covariate_denominator
from summed
inner join metrics
    on
        metrics.experiment = summed.experiment
        and metrics.metric = summed.metric

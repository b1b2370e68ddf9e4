-- Exact sums over the units of each arm, in whole numbers, so they are the same in any order and on any number of threads, and no digit is
-- lost to cancellation however large the values are against their spread. One pass, whatever the number of metrics and segments.
-- Values are counted in millionths; products in millionths of millionths. Null and unusable values are counted apart and are not in `n`.
-- Sixteen digits of millionths are `moments.LARGEST_VALUE`: from there on a value cannot be true, and the cast makes it null. Units with such
-- a value are a group of their own until the last step, because a branch per row would double the price of the pass.
-- Grain: (experiment, metric, arm, segment, is_in_look).
-- Tables: unit_metrics.
-- Parameters: none.
-- lint: allow float-order: what is summed are whole numbers (decimals without a fraction)
with counted as (
    select
        experiment,
        metric,
        arm,
        segment,
        is_in_look,
        value,
        denominator,
        covariate,
        covariate_denominator,
        try_cast(round(value * 1e6) as decimal(16, 0)) as v,
        try_cast(round(denominator * 1e6) as decimal(16, 0)) as d,
        try_cast(round(covariate * 1e6) as decimal(16, 0)) as x,
        try_cast(round(covariate_denominator * 1e6) as decimal(16, 0)) as w
    from unit_metrics
    where is_assigned
),

judged as (
    select
        *,
        v is not null
        and (d is not null or denominator is null)
        and (x is not null or covariate is null)
        and (w is not null or covariate_denominator is null) as is_usable
    from counted
),

apart as (
    select
        experiment,
        metric,
        arm,
        segment,
        is_in_look,
        is_usable,
        count(*) as n,
        count(value) as n_known,
        count(nullif(v, 0)) as n_nonzero,
        max(abs(v)) as largest,
        sum(v) as v,
        sum(d) as d,
        sum(x) as x,
        sum(w) as w,
        sum(cast(v as decimal(19, 0)) * cast(v as decimal(19, 0))) as vv,
        sum(cast(v as decimal(19, 0)) * cast(d as decimal(19, 0))) as vd,
        sum(cast(v as decimal(19, 0)) * cast(x as decimal(19, 0))) as vx,
        sum(cast(v as decimal(19, 0)) * cast(w as decimal(19, 0))) as vw,
        sum(cast(d as decimal(19, 0)) * cast(d as decimal(19, 0))) as dd,
        sum(cast(d as decimal(19, 0)) * cast(x as decimal(19, 0))) as dx,
        sum(cast(d as decimal(19, 0)) * cast(w as decimal(19, 0))) as dw,
        sum(cast(x as decimal(19, 0)) * cast(x as decimal(19, 0))) as xx,
        sum(cast(x as decimal(19, 0)) * cast(w as decimal(19, 0))) as xw,
        sum(cast(w as decimal(19, 0)) * cast(w as decimal(19, 0))) as ww
    from judged
    group by experiment, metric, arm, segment, is_in_look, is_usable
)

select
    experiment,
    metric,
    arm,
    segment,
    is_in_look,
    sum(case when is_usable then n else 0 end) as n,
    sum(n - n_known) as n_null,
    sum(case when is_usable then 0 else n_known end) as n_unusable,
    sum(case when is_usable then n_nonzero else 0 end) as n_nonzero,
    max(case when is_usable then largest end) as largest,
    sum(case when is_usable then v end) as v,
    sum(case when is_usable then d end) as d,
    sum(case when is_usable then x end) as x,
    sum(case when is_usable then w end) as w,
    sum(case when is_usable then vv end) as vv,
    sum(case when is_usable then vd end) as vd,
    sum(case when is_usable then vx end) as vx,
    sum(case when is_usable then vw end) as vw,
    sum(case when is_usable then dd end) as dd,
    sum(case when is_usable then dx end) as dx,
    sum(case when is_usable then dw end) as dw,
    sum(case when is_usable then xx end) as xx,
    sum(case when is_usable then xw end) as xw,
    sum(case when is_usable then ww end) as ww
from apart
group by experiment, metric, arm, segment, is_in_look

-- The quantile of each arm by mid-ranks, and the two values that enclose it with the wanted confidence: `statistics.quantiles.mid_quantiles`.
-- The share of units below a value counts half of those at it, with straight lines between the values that any arm has, so that equal values
-- make no jumps. The ends are read at the quantile minus and plus the error of the counts; an end for which an arm has too few units is null.
-- Grain: (experiment, metric, arm).
-- Tables: unit_metrics, metrics (the configured designs).
-- Parameters: $largest, beyond which a value cannot be true; $z, standard normal quantile of the confidence.
with counts as (
    select
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.arm,
        unit_metrics.source,
        metrics.quantile,
        unit_metrics.value,
        count(*) as n_here
    from unit_metrics
    inner join metrics
        on
            metrics.experiment = unit_metrics.experiment
            and metrics.metric = unit_metrics.metric
            and metrics.reads_ranks
    where unit_metrics.is_assigned and unit_metrics.is_in_look and abs(unit_metrics.value) <= $largest
    group by
        unit_metrics.experiment,
        unit_metrics.metric,
        unit_metrics.arm,
        unit_metrics.source,
        metrics.quantile,
        unit_metrics.value
),

arms as (
    select
        experiment,
        metric,
        arm,
        source,
        quantile,
        sum(n_here) as n
    from counts
    group by experiment, metric, arm, source, quantile
),

support as (
    select distinct
        experiment,
        metric,
        value
    from counts
),

steps as (
    select
        arms.experiment,
        arms.metric,
        arms.arm,
        arms.source,
        arms.quantile,
        arms.n,
        support.value,
        coalesce(counts.n_here, 0) as n_here,
        row_number() over (partition by arms.experiment, arms.metric, arms.arm order by support.value) as place,
        sum(coalesce(counts.n_here, 0)) over (
            partition by arms.experiment, arms.metric, arms.arm
            order by support.value
            rows between unbounded preceding and current row
        ) as n_up_to
    from arms
    inner join support
        on
            support.experiment = arms.experiment
            and support.metric = arms.metric
    left join counts
        on
            counts.experiment = arms.experiment
            and counts.metric = arms.metric
            and counts.arm = arms.arm
            and counts.value = support.value
),

middles as (
    select
        experiment,
        metric,
        arm,
        source,
        quantile,
        n,
        value,
        n_here,
        place,
        n_up_to,
        (n_up_to - n_here / 2e0) / nullif(n, 0) as middle
    from steps
),

brackets as (
    select
        experiment,
        metric,
        arm,
        source,
        quantile,
        n,
        place,
        value,
        n_here,
        middle,
        lag(value) over (partition by experiment, metric, arm order by value) as value_before,
        lag(n_here) over (partition by experiment, metric, arm order by value) as n_before,
        lag(middle) over (partition by experiment, metric, arm order by value) as middle_before,
        lag(n_up_to) over (partition by experiment, metric, arm order by value) as n_up_to_before
    from middles
),

places as (
    select
        experiment,
        metric,
        arm,
        coalesce(min(case when place > 1 and middle >= quantile then place end), max(place)) as middle_place
    from brackets
    group by experiment, metric, arm
),

weighted as (
    select
        brackets.experiment,
        brackets.metric,
        brackets.arm,
        brackets.source,
        brackets.quantile,
        brackets.n,
        brackets.value,
        brackets.value_before,
        brackets.n_here,
        coalesce(brackets.n_before, 0) as n_before,
        coalesce(brackets.n_up_to_before - brackets.n_before, 0) as n_below,
        case
            when brackets.middle > brackets.middle_before
                then
                    greatest(
                        least(
                            (brackets.quantile - brackets.middle_before)
                            / nullif(brackets.middle - brackets.middle_before, 0),
                            1e0
                        ),
                        0e0
                    )
            else 1e0
        end as weight
    from brackets
    inner join places
        on
            places.experiment = brackets.experiment
            and places.metric = brackets.metric
            and places.arm = brackets.arm
            and places.middle_place = brackets.place
),

scored as (
    select
        experiment,
        metric,
        arm,
        source,
        quantile,
        n,
        n_here + n_before as n_equal,
        coalesce(value_before + weight * (value - value_before), value) as value,
        n_below * 1e0 / nullif(n, 0)
        + n_before * 1e0 / nullif(n, 0) * (1 + weight) / 2
        + n_here * 1e0 / nullif(n, 0) * weight / 2 as mean,
        n_below * 1e0 / nullif(n, 0)
        + n_before * 1e0 / nullif(n, 0) * ((1 + weight) / 2) * ((1 + weight) / 2)
        + n_here * 1e0 / nullif(n, 0) * (weight / 2) * (weight / 2) as squares
    from weighted
),

targets as (
    select
        experiment,
        metric,
        arm,
        source,
        n,
        n_equal,
        value,
        quantile - $z * sqrt(greatest(squares - mean * mean, 0e0) / nullif(n, 0)) as low_share,
        quantile + $z * sqrt(greatest(squares - mean * mean, 0e0) / nullif(n, 0)) as high_share
    from scored
),

end_places as (
    select
        brackets.experiment,
        brackets.metric,
        brackets.arm,
        coalesce(
            min(case when brackets.place > 1 and brackets.middle >= targets.low_share then brackets.place end),
            max(brackets.place)
        ) as low_place,
        coalesce(
            min(case when brackets.place > 1 and brackets.middle >= targets.high_share then brackets.place end),
            max(brackets.place)
        ) as high_place
    from brackets
    inner join targets
        on
            targets.experiment = brackets.experiment
            and targets.metric = brackets.metric
            and targets.arm = brackets.arm
    group by brackets.experiment, brackets.metric, brackets.arm
),

ends as (
    select
        targets.experiment,
        targets.metric,
        targets.arm,
        targets.source,
        targets.n,
        targets.n_equal,
        targets.value,
        targets.low_share,
        targets.high_share,
        coalesce(
            low.value_before
            + case
                when low.middle > low.middle_before
                    then
                        greatest(
                            least(
                                (targets.low_share - low.middle_before) / nullif(low.middle - low.middle_before, 0), 1e0
                            ),
                            0e0
                        )
                else 1e0
            end * (low.value - low.value_before),
            low.value
        ) as low,
        coalesce(
            high.value_before
            + case
                when high.middle > high.middle_before
                    then
                        greatest(
                            least(
                                (targets.high_share - high.middle_before) / nullif(high.middle - high.middle_before, 0),
                                1e0
                            ),
                            0e0
                        )
                else 1e0
            end * (high.value - high.value_before),
            high.value
        ) as high
    from targets
    inner join end_places
        on
            end_places.experiment = targets.experiment
            and end_places.metric = targets.metric
            and end_places.arm = targets.arm
    inner join brackets as low
        on
            low.experiment = targets.experiment
            and low.metric = targets.metric
            and low.arm = targets.arm
            and low.place = end_places.low_place
    inner join brackets as high
        on
            high.experiment = targets.experiment
            and high.metric = targets.metric
            and high.arm = targets.arm
            and high.place = end_places.high_place
)

select
    experiment,
    metric,
    arm,
    source,
    cast(n as bigint) as n,
    value,
    case when low_share >= 0 then low end as low,
    case when high_share <= 1 then high end as high,
    cast(n_equal as bigint) as n_equal
from ends

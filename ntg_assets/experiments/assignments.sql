-- Which unit gets which arm of an offline replay; the same rule as `bucketing.assign`.
-- Grain: (experiment, unit), for units with a list under the strategy of every arm and inside the experiment's part of its layer.
-- Tables: experiments, arms (the configured designs), strategy_lists.
-- Parameters: none.
-- lint: allow integer-cast: hexadecimal text becomes the same integer in Python, a test compares them; Spark needs conv(x, 16, 10)
with listed as (
    select distinct
        strategy,
        cast(user_id as varchar) as unit_id
    from strategy_lists
),
eligible as (
    select
        arms.experiment,
        listed.unit_id
    from arms
    inner join experiments
        on experiments.experiment = arms.experiment
    inner join listed
        on listed.strategy = arms.strategy
    group by arms.experiment, listed.unit_id
    having count(*) = max(experiments.n_arms)
),
hashed as (
    select
        eligible.experiment,
        eligible.unit_id,
        cast('0x' || substr(sha256(experiments.salt || ':' || eligible.unit_id), 1, 15) as bigint) as bucket,
        cast(cast('0x' || substr(sha256(experiments.layer_salt || ':' || eligible.unit_id), 1, 15) as bigint) as double) / 1152921504606846976e0
            as layer_position,
        cast(cast('0x' || substr(sha256(experiments.holdout_salt || ':' || eligible.unit_id), 1, 15) as bigint) as double) / 1152921504606846976e0
            as holdout_position,
        experiments.layer_start,
        experiments.layer_end,
        experiments.holdout_share
    from eligible
    inner join experiments
        on experiments.experiment = eligible.experiment
),
in_layer as (
    select
        experiment,
        unit_id,
        bucket,
        holdout_position < holdout_share as is_holdout
    from hashed
    where layer_position >= layer_start and layer_position < layer_end
),
draws as (
    select
        in_layer.experiment,
        in_layer.unit_id,
        arms.arm,
        row_number() over (
            partition by in_layer.experiment, in_layer.unit_id
            order by
                -ln(
                    cast(cast('0x' || substr(sha256(arms.arm_salt || ':' || in_layer.unit_id), 1, 15) as bigint) + 1 as double)
                    / 1152921504606846976e0
                ) / nullif(arms.weight, 0),
                arms.arm_position
        ) as place
    from in_layer
    inner join arms
        on arms.experiment = in_layer.experiment
    where not in_layer.is_holdout
)
select
    in_layer.experiment,
    in_layer.unit_id,
    in_layer.bucket,
    in_layer.is_holdout,
    draws.arm
from in_layer
left join draws
    on draws.experiment = in_layer.experiment
    and draws.unit_id = in_layer.unit_id
    and draws.place = 1

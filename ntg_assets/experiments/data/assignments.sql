-- Which unit gets which arm; the same rule as `bucketing.assign`.
-- Grain: (experiment, unit). Eligible are, in a replay, users with a list under the strategy of every arm; in a logged experiment, its units.
-- A unit whose arm is known (kept from before, or logged as given) keeps it, whatever happens to weights, ramp or layer.
-- Tables: experiments, arms (the configured designs), strategy_lists, exposure_log, kept (experiment, unit_id, arm).
-- Parameters: none.
-- lint: allow integer-cast: hexadecimal text becomes the same integer in Python, a test compares them; Spark needs conv(x, 16, 10)
with listed as (
    select distinct
        strategy,
        cast(user_id as varchar) as unit_id
    from strategy_lists
),

replayed as (
    select
        arms.experiment,
        listed.unit_id
    from arms
    inner join experiments
        on experiments.experiment = arms.experiment
    inner join listed
        on listed.strategy = arms.strategy
    where experiments.is_replay
    group by arms.experiment, listed.unit_id
    having count(*) = max(experiments.n_arms)
),

logged as (
    select
        experiment,
        unit_id,
        arm,
        assigned_by,
        row_number() over (partition by experiment, unit_id order by first_exposed_at, arm) as place
    from exposure_log
),

eligible as (
    select
        experiment,
        unit_id
    from replayed
    union all
    select
        experiment,
        unit_id
    from logged
    where place = 1
),

known as (
    select
        experiment,
        unit_id,
        arm
    from kept
    union all
    select
        experiment,
        unit_id,
        arm
    from logged
    where place = 1 and assigned_by = 'log'
),

hashed as (
    select
        eligible.experiment,
        eligible.unit_id,
        known.arm as known_arm,
        cast('0x' || substr(sha256(experiments.salt || ':' || eligible.unit_id), 1, 15) as bigint) as bucket,
        cast(cast('0x' || substr(sha256(experiments.layer_salt || ':' || eligible.unit_id), 1, 15) as bigint) as double)
        / 1152921504606846976e0
            as layer_position,
        cast(
            cast('0x' || substr(sha256(experiments.holdout_salt || ':' || eligible.unit_id), 1, 15) as bigint) as double
        )
        / 1152921504606846976e0
            as holdout_position,
        experiments.layer_start,
        experiments.layer_end,
        experiments.holdout_share,
        experiments.ramp_share
    from eligible
    inner join experiments
        on experiments.experiment = eligible.experiment
    left join known
        on
            known.experiment = eligible.experiment
            and known.unit_id = eligible.unit_id
),

taking_part as (
    select
        experiment,
        unit_id,
        bucket,
        known_arm,
        known_arm is null and holdout_position < holdout_share as is_holdout
    from hashed
    where
        known_arm is not null
        or (
            layer_position >= layer_start
            and layer_position < layer_end
            and cast(bucket as double) / 1152921504606846976e0 < ramp_share
        )
),

draws as (
    select
        taking_part.experiment,
        taking_part.unit_id,
        arms.arm,
        row_number() over (
            partition by taking_part.experiment, taking_part.unit_id
            order by
                -ln(
                    cast(
                        cast('0x' || substr(sha256(arms.arm_salt || ':' || taking_part.unit_id), 1, 15) as bigint)
                        + 1 as double
                    )
                    / 1152921504606846976e0
                ) / nullif(arms.weight, 0),
                arms.arm_position
        ) as place
    from taking_part
    inner join arms
        on arms.experiment = taking_part.experiment
    where taking_part.known_arm is null and not taking_part.is_holdout
)

select
    taking_part.experiment,
    taking_part.unit_id,
    taking_part.bucket,
    taking_part.is_holdout,
    coalesce(taking_part.known_arm, draws.arm) as arm,
    taking_part.known_arm is not null as is_kept
from taking_part
left join draws
    on
        draws.experiment = taking_part.experiment
        and draws.unit_id = taking_part.unit_id
        and draws.place = 1

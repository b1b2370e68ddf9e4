-- How often users did what may announce an end, in the 30 days before a snapshot.
-- Grain: one row per (user_id, snapshot_on, signal) with at least one such event.
-- Parameters: none; `signals` (event_type, signal) says which events are meant.
with wanted as (
    select
        user_id,
        snapshot_on
    from contract_states
    group by user_id, snapshot_on
),

days as (
    select
        train_events.user_id,
        train_events.event_on,
        signals.signal,
        count(*) as n_events
    from train_events
    inner join signals on signals.event_type = train_events.event_type
    group by train_events.user_id, train_events.event_on, signals.signal
)

select
    wanted.user_id,
    wanted.snapshot_on,
    days.signal,
    cast(sum(days.n_events) as bigint) as n_events
from wanted
inner join days
    on
        days.user_id = wanted.user_id
        and days.event_on < wanted.snapshot_on
        and date_diff('day', cast(days.event_on as date), cast(wanted.snapshot_on as date)) <= 30
group by wanted.user_id, wanted.snapshot_on, days.signal

-- Who had left at each day they are looked at, what was known of their last contract, and when they came back.
-- Somebody has left when a contract of theirs ended before the day, that end was known, and of none that runs or begins
-- later was anything known: who has signed is back already.
-- Grain: one row per (user, snapshot).
-- Parameters: $win_back_days: ends longer ago are not looked at; `snapshots` (snapshot_on, step): every so many-th user.
with contracts as (
    select
        user_id,
        contract_place,
        contract_started_on,
        contract_trial_end_on,
        contract_end_on,
        contract_end_known_on,
        contract_end_kind,
        n_contracts_before,
        min(known_on) as known_on
    from known_terms
    group by
        user_id, contract_place, contract_started_on, contract_trial_end_on,
        contract_end_on, contract_end_known_on, contract_end_kind, n_contracts_before
),

user_places as (
    select
        user_id,
        min(contract_place) as user_place
    from contracts
    group by user_id
),

numbered_terms as (
    select
        contract_place,
        subscription_id,
        plan,
        price_minor,
        currency,
        period_months,
        period_days,
        row_number() over (partition by contract_place order by started_on desc) as age
    from known_terms
    where contract_end_known_on is not null and known_on <= contract_end_known_on
),

ended as (
    select
        contracts.user_id,
        snapshots.snapshot_on,
        contracts.contract_place,
        contracts.contract_started_on,
        contracts.contract_trial_end_on,
        contracts.contract_end_on,
        contracts.contract_end_kind,
        contracts.n_contracts_before,
        row_number() over (
            partition by contracts.user_id, snapshots.snapshot_on
            order by contracts.contract_end_on desc, contracts.contract_place desc
        ) as age
    from contracts
    inner join user_places on user_places.user_id = contracts.user_id
    inner join snapshots
        on
            contracts.contract_end_on < snapshots.snapshot_on
            and contracts.contract_end_known_on < snapshots.snapshot_on
            and date_diff('day', cast(contracts.contract_end_on as date), cast(snapshots.snapshot_on as date))
            <= $win_back_days
            and user_places.user_place % snapshots.step = 0
),

last_ended as (
    select ended.*
    from ended
    where ended.age = 1
),

-- contracts of the same people beside the last one that ended: they run or are signed, or became known later
others as (
    select
        last_ended.user_id,
        last_ended.snapshot_on,
        max(case
            when
                contracts.known_on < last_ended.snapshot_on
                and not coalesce(
                    contracts.contract_end_on < last_ended.snapshot_on
                    and contracts.contract_end_known_on < last_ended.snapshot_on, false
                )
                then 1
            else 0
        end) as n_running,
        min(case
            when
                contracts.contract_started_on >= last_ended.snapshot_on
                or contracts.known_on >= last_ended.snapshot_on
                then greatest(contracts.contract_started_on, contracts.known_on)
        end) as returned_on
    from last_ended
    inner join contracts on contracts.user_id = last_ended.user_id
    group by last_ended.user_id, last_ended.snapshot_on
),

active as (
    select
        last_ended.user_id,
        last_ended.snapshot_on,
        count(case
            when
                user_days.active_on < last_ended.contract_end_on
                and date_diff('day', cast(user_days.active_on as date), cast(last_ended.contract_end_on as date)) <= 30
                then 1
        end) as active_days_before_end_30d,
        count(case
            when
                user_days.active_on >= last_ended.contract_end_on
                and date_diff('day', cast(user_days.active_on as date), cast(last_ended.snapshot_on as date)) <= 30
                then 1
        end) as active_days_since_end_30d
    from last_ended
    inner join user_days
        on
            user_days.user_id = last_ended.user_id
            and user_days.active_on < last_ended.snapshot_on
    group by last_ended.user_id, last_ended.snapshot_on
)

select
    last_ended.user_id,
    last_ended.snapshot_on,
    numbered_terms.subscription_id,
    numbered_terms.plan,
    numbered_terms.price_minor,
    numbered_terms.currency,
    numbered_terms.period_months,
    numbered_terms.period_days,
    last_ended.contract_started_on,
    last_ended.contract_trial_end_on,
    last_ended.contract_end_on as left_on,
    last_ended.contract_end_kind as left_by,
    last_ended.n_contracts_before,
    coalesce(active.active_days_before_end_30d, 0) as active_days_before_end_30d,
    coalesce(active.active_days_since_end_30d, 0) as active_days_since_end_30d,
    others.returned_on
from last_ended
inner join numbered_terms on numbered_terms.contract_place = last_ended.contract_place and numbered_terms.age = 1
inner join others on others.user_id = last_ended.user_id and others.snapshot_on = last_ended.snapshot_on
left join active on active.user_id = last_ended.user_id and active.snapshot_on = last_ended.snapshot_on
where others.n_running = 0

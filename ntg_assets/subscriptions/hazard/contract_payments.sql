-- What payments had shown of a contract before a snapshot: failures, refunds, and whether the last attempt failed.
-- Grain: one row per (subscription_id, snapshot_on) of `contract_states` with an attempt in the 90 days before.
-- Parameters: none.
with seen as (
    select
        contract_states.subscription_id,
        contract_states.snapshot_on,
        payments.status,
        payments.happened_on
    from contract_states
    inner join payments
        on
            payments.subscription_id = contract_states.subscription_id
            and payments.happened_on < contract_states.snapshot_on
            and date_diff('day', cast(payments.happened_on as date), cast(contract_states.snapshot_on as date)) <= 90
)

select
    subscription_id,
    snapshot_on,
    count(case when status = 'failed' then 1 end) as n_failed_90d,
    count(case when status in ('refunded', 'charged_back') then 1 end) as n_returned_90d,
    coalesce(
        max(case when status = 'failed' then happened_on end)
        > coalesce(max(case when status = 'paid' then happened_on end), date '0001-01-01'),
        false
    ) as is_unpaid
from seen
group by subscription_id, snapshot_on

-- Contracts that ran at each snapshot by what was known before it, with the term that held then.
-- A contract whose end was not known before the snapshot ran for all that was known; so did one whose next term was
-- known, also on the days between the two.
-- Grain: one row per (contract, snapshot).
-- Parameters: none; `snapshots` (snapshot_on, step): at each day every so many-th contract is looked at.
with looked_at as (
    select
        known_terms.*,
        snapshots.snapshot_on,
        row_number() over (
            partition by known_terms.contract_place, snapshots.snapshot_on order by known_terms.started_on desc
        ) as age
    from known_terms
    inner join snapshots
        on
            known_terms.started_on < snapshots.snapshot_on
            and known_terms.known_on < snapshots.snapshot_on
            and known_terms.contract_place % snapshots.step = 0
),

current_terms as (
    select
        *,
        coalesce(end_known_on < snapshot_on, false) as is_end_known,
        coalesce(next_known_on < snapshot_on, false) as is_next_known
    from looked_at
    where age = 1
)

select
    user_id,
    subscription_id,
    contract_place,
    snapshot_on,
    plan,
    price_minor,
    price_before_minor,
    currency,
    period_months,
    period_days,
    started_on as term_started_on,
    contract_started_on,
    contract_trial_end_on,
    anchor_on,
    n_contracts_before,
    case when is_end_known and not is_next_known then ended_on end as known_end_on,
    contract_end_on,
    contract_end_known_on,
    contract_end_kind
from current_terms
where not (is_end_known and not is_next_known and ended_on <= snapshot_on)

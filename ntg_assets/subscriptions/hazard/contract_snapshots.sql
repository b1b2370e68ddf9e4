-- Contracts at each snapshot, with what was known of them and of their users before it, and what followed.
-- Grain: one row per (contract, snapshot).
-- Parameters: none.
select
    contract_states.user_id,
    contract_states.subscription_id,
    contract_states.contract_place,
    contract_states.snapshot_on,
    contract_states.plan,
    contract_states.price_minor,
    contract_states.price_before_minor,
    contract_states.currency,
    contract_states.period_months,
    contract_states.period_days,
    contract_states.term_started_on,
    contract_states.contract_started_on,
    contract_states.contract_trial_end_on,
    contract_states.anchor_on,
    contract_states.n_contracts_before,
    contract_states.known_end_on,
    contract_states.contract_end_on,
    contract_states.contract_end_known_on,
    contract_states.contract_end_kind,
    coalesce(payments.n_failed_90d, 0) as n_failed_90d,
    coalesce(payments.n_returned_90d, 0) as n_returned_90d,
    coalesce(payments.is_unpaid, false) as is_unpaid,
    activity.recency_days,
    activity.tenure_days,
    coalesce(activity.active_days_7d, 0) as active_days_7d,
    coalesce(activity.active_days_30d, 0) as active_days_30d,
    coalesce(activity.active_days_90d, 0) as active_days_90d,
    coalesce(activity.decayed_active_days_30d, 0e0) as decayed_active_days_30d,
    activity.events_per_active_day,
    activity.trend_log_ratio
from contract_states
left join payments
    on
        payments.subscription_id = contract_states.subscription_id
        and payments.snapshot_on = contract_states.snapshot_on
left join activity
    on
        activity.user_id = contract_states.user_id
        and activity.cutoff_on = contract_states.snapshot_on

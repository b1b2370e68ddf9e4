-- Purpose: whom to contact tonight: the contact list with its reasons; none while it is withheld.
-- Grain: one row per strategy and user.
-- Parameters: none
select
    intervention_targets.strategy,
    intervention_targets.rank,
    intervention_targets.user_id,
    intervention_targets.churn_probability,
    intervention_targets.revenue_at_risk,
    intervention_targets.expected_saved_value,
    intervention_targets.expected_cost,
    intervention_targets.expected_profit,
    intervention_targets.evidence,
    intervention_targets.unit,
    intervention_targets.reason
from intervention_targets
where
    intervention_targets.action = 'contact'
    and not exists (select 1 from contact_holds)

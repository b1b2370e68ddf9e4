-- Purpose: one page per user: risk, money, reasons, the head of the list, the lists to contact.
-- Grain: one row per user of the radar.
-- Parameters: none
with
contacts as (
    select
        user_id,
        count(*) as n_strategies
    from intervention_targets
    where action = 'contact'
    group by user_id
),

heads as (
    select
        user_id,
        title
    from recommendations
    where rank = 1
)

select
    radar.user_id,
    radar.rank,
    radar.churn_probability,
    churn_scores.churn_probability_low,
    churn_scores.churn_probability_high,
    radar.ltv_at_stake,
    radar.revenue_at_risk,
    radar.unit,
    radar.segment,
    radar.band,
    radar.is_at_risk_population,
    radar.reason_1,
    radar.reason_2,
    radar.reason_3,
    heads.title as first_title,
    coalesce(contacts.n_strategies, 0) as n_strategies
from revenue_risk_radar as radar
left join churn_scores on radar.user_id = churn_scores.user_id
left join heads on radar.user_id = heads.user_id
left join contacts on radar.user_id = contacts.user_id

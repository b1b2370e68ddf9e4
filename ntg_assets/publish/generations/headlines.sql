-- Purpose: the figures by which a person sees at once whether a publication is like the one before.
-- Grain: one row, whatever the tables hold.
-- Parameters: none
with
log as (
    select count(*) as events from events
),

known as (
    select count(*) as users from user_features
),

lists_of_users as (
    select user_id from recommendations
    group by user_id
),

lists as (
    select count(*) as lists from lists_of_users
),

items_on_lists as (
    select item_id from recommendations
    group by item_id
),

items as (
    select count(*) as items_shown from items_on_lists
),

radar as (
    select
        coalesce(sum(case when is_at_risk_population then 1 else 0 end), 0) as users_at_risk,
        sum(
            case when is_at_risk_population then cast(round(churn_probability * 1e9) as bigint) end
        ) / 1e9 as churn_sum,
        coalesce(sum(cast(round(revenue_at_risk * 1e4) as bigint)), 0) / 1e4 as revenue_at_risk
    from revenue_risk_radar
),

worth as (
    select coalesce(sum(cast(round(ltv * 1e4) as bigint)), 0) / 1e4 as "value"
    from ltv_estimates
),

contacted as (
    select user_id from intervention_targets
    where action = 'contact'
    group by user_id
),

listed as (
    select count(*) as contacts from contacted
)

select
    log.events,
    known.users,
    lists.lists,
    items.items_shown,
    cast(radar.users_at_risk as bigint) as users_at_risk,
    radar.churn_sum / nullif(radar.users_at_risk, 0) as churn_probability,
    radar.revenue_at_risk,
    worth."value",
    listed.contacts
from log
cross join known
cross join lists
cross join items
cross join radar
cross join worth
cross join listed

-- Purpose: for whom each score is made, and of whom it is a forecast.
-- Grain: one row per table of scores.
-- Parameters: none
with
known_users as (
    select count(*) as n from user_features
),

rows_of as (
    select
        1 as position,
        'live.recommendations' as scores,
        'every user with an event before the cutoff; whoever is new sees live.default_list' as population,
        'all of them' as meant_for,
        count(*) as n_users,
        count(*) as n_meant
    from recommendations
    where rank = 1
    union all
    select
        2,
        'live.churn_scores',
        'every user with an event before the cutoff',
        'users who are still active (is_at_risk_population): of the others silence itself says that they left',
        count(*),
        count(case when is_at_risk_population then 1 end)
    from churn_scores
    union all
    select
        3,
        'live.ltv_estimates',
        'every user with an event before the cutoff',
        'all of them; what is at risk is 0 for users who are not active any more',
        count(*),
        count(*)
    from ltv_estimates
    union all
    select
        4,
        'live.revenue_risk_radar',
        'every user with an event before the cutoff',
        'users who are still active (is_at_risk_population): the others have nothing at risk, 0',
        count(*),
        count(case when is_at_risk_population then 1 end)
    from revenue_risk_radar
    union all
    select
        5,
        'live.contract_scores',
        'every contract that runs at the cutoff, whether its user is active or not',
        'all of them; no rows where no contracts are configured',
        count(*),
        count(*)
    from contract_scores
    union all
    select
        6,
        'live.return_scores',
        'every user whose contract had ended at the cutoff',
        'all of them; no rows where no contracts are configured',
        count(*),
        count(*)
    from return_scores
    union all
    select
        7,
        'live.uplift_estimates',
        'every user that a contact list may hold',
        'all of them; no rows unless a trial has shown that some gain more than others',
        count(*),
        count(*)
    from uplift_estimates
    union all
    select
        8,
        'live.contact_candidates',
        'every user with an event before the cutoff or with a contract, running or ended',
        'users whom a contact could keep or win back (is_at_risk_population)',
        count(*),
        count(case when is_at_risk_population then 1 end)
    from contact_candidates
)

select
    rows_of.scores,
    rows_of.population,
    rows_of.meant_for,
    rows_of.n_users,
    rows_of.n_meant,
    known_users.n as n_known_users
from rows_of
cross join known_users
order by rows_of.position

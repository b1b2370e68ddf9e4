-- The user with the most events, beside the size of the log.
-- Grain: one row; none without events.
-- Tables: events.
-- Parameters: none.
with user_counts as (
    select
        cast(user_id as varchar) as user_id,
        count(*) as n_user_events
    from events
    group by user_id
),

totals as (
    select
        count(*) as n_users,
        cast(sum(n_user_events) as bigint) as n_events
    from user_counts
)

select
    user_counts.user_id,
    user_counts.n_user_events,
    totals.n_users,
    totals.n_events
from user_counts
cross join totals
order by user_counts.n_user_events desc, user_counts.user_id
limit 1

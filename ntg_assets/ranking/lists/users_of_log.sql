-- Number of users of a log.
-- Grain: one row.
-- Parameters: none.
with users as (
    select user_id
    from events
    group by user_id
)

select count(*) as n_users
from users

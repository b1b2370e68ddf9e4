-- How many users were active on every day that had any.
-- Grain: one row per day.
-- Parameters: none.
select
    active_on,
    count(*) as n_users
from user_days
group by active_on

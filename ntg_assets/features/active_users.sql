-- Every user who was active before a day, with that day as the cutoff.
-- Grain: one row per user.
-- Parameters: $cutoff_on (date).
select
    user_id,
    cast($cutoff_on as date) as cutoff_on
from user_days
where active_on < cast($cutoff_on as date)
group by user_id

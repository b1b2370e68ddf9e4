-- The users who were there last, from the latest on (of equal ones the lower id).
-- Grain: user.
-- Parameters: $most: users.
select
    user_id,
    max(event_at) as latest_at
from events
group by user_id
order by latest_at desc, user_id asc
limit $most

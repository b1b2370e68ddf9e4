-- How many users stand behind each item, before and after the cut to each user's latest items.
-- Grain: one row per item.
-- Parameters: $max_items: items of a user that count, the latest.
select
    item_id,
    cast(sum(n_instants) as bigint) as n_instants,
    count(*) as n_pairs,
    count(case when place <= $max_items then 1 end) as n_users
from pairs
group by item_id

-- Who had which of the items that take part in a graph, by the items' numbers in it.
-- Grain: one row per (user, item).
-- Parameters: $max_items: items of a user that count, the latest.
select
    pairs.user_id,
    numbers.item
from pairs
inner join numbers on numbers.item_id = pairs.item_id
where pairs.place <= $max_items

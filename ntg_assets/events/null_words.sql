-- Ids of the log that are words for "none": each would be one user or one item, often the largest of all.
-- Grain: what (user, item), word as the log writes it.
-- Tables: events; words_for_none (word), in lower case.
-- Parameters: $has_text_users, $has_text_items (ids that are numbers in the store cannot differ so).
with user_counts as (
    select
        cast(user_id as varchar) as word,
        count(*) as n_events
    from events
    where $has_text_users
    group by user_id
),

item_counts as (
    select
        cast(item_id as varchar) as word,
        count(*) as n_events
    from events
    where $has_text_items
    group by item_id
),

id_counts as (
    select
        'user' as what,
        word,
        n_events
    from user_counts
    union all
    select
        'item' as what,
        word,
        n_events
    from item_counts
)

select
    id_counts.what,
    id_counts.word,
    id_counts.n_events
from id_counts
inner join words_for_none on lower(trim(id_counts.word)) = words_for_none.word
-- users first; said by `case`, since Sail cannot sort by a column that is a constant in each part of a union
order by case when id_counts.what = 'user' then 0 else 1 end, id_counts.n_events desc, id_counts.word

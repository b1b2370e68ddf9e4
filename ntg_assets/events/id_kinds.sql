-- How ids look file by file: an id that is a number in some files and a word in others is rarely the same id.
-- Grain: what (user, item), load_file.
-- Tables: events.
-- Parameters: $has_text_users, $has_text_items (ids that are numbers in the store cannot differ so).
with file_ids as (
    select
        'user' as what,
        load_file,
        cast(user_id as varchar) as id
    from events
    where $has_text_users
    group by load_file, user_id
    union all
    select
        'item' as what,
        load_file,
        cast(item_id as varchar) as id
    from events
    where $has_text_items
    group by load_file, item_id
)

select
    what,
    load_file,
    count(*) as n_ids,
    count(*) filter (where try_cast(id as double) is not null) as n_numbers,
    count(*) filter (where lower(id) like '%e+%' and (try_cast(id as double) is not null or id like '_,%'))
        as n_in_powers,
    min(id) as first_id
from file_ids
group by what, load_file
order by what desc, load_file

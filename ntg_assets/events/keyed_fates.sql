-- What became of the rows of each file where a key tells events apart: the accepted row of a key stands for those that are equal
-- to it, and has replaced the others.
-- Grain: load_file.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
with ranked_rows as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value,
        event_id,
        load_file,
        row_number() over (
            partition by event_id
            order by load_file desc, event_at desc, user_id desc, item_id desc, event_type desc, value desc
        ) as place
    from typed_rows
    where is_valid
),

last_rows as (
    select
        user_id,
        item_id,
        event_at,
        event_type,
        value,
        event_id
    from ranked_rows
    where place = 1
),

judged_rows as (
    select
        ranked_rows.load_file,
        ranked_rows.place,
        ranked_rows.user_id = last_rows.user_id
        and ranked_rows.item_id = last_rows.item_id
        and ranked_rows.event_at = last_rows.event_at
        and ranked_rows.event_type = last_rows.event_type
        and ranked_rows.value = last_rows.value as is_equal
    from ranked_rows
    inner join last_rows on ranked_rows.event_id = last_rows.event_id
)

select
    load_file,
    count(*) filter (where place > 1 and is_equal) as n_duplicates,
    count(*) filter (where place > 1 and not is_equal) as n_replaced
from judged_rows
group by load_file
order by load_file

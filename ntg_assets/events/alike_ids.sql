-- Ids that are the same number, written with zeros before it or with a `.0` behind it: `42` beside `00042`.
-- Grain: what (user, item), number.
-- Tables: events.
-- Parameters: none.
with written_ids as (
    select 'user' as what, cast(user_id as varchar) as spelling
    from events
    group by user_id
    union all
    select 'item' as what, cast(item_id as varchar) as spelling
    from events
    group by item_id
),

numbers as (
    select
        what,
        spelling,
        case
            when spelling not like '%e%' and spelling not like '%E%' and try_cast(spelling as double) between 0e0 and 9e15
                then try_cast(spelling as double)
        end as number
    from written_ids
)

select
    what,
    number,
    count(*) as n_spellings,
    min(spelling) as first_spelling,
    max(spelling) as last_spelling
from numbers
where number = floor(number)
group by what, number
having count(*) > 1
order by what desc, number
limit 1000

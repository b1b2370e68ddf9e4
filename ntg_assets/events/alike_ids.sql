-- Ids that are one id in two spellings: the same number (`42` beside `00042` or `42.0`), or the same text but for
-- upper and lower case, the spaces around it, and whether accents are signs of their own (Unicode NFD beside NFC).
-- Grain: what (user, item), spelling_key.
-- Tables: events, composed_ids (what, spelling, composed).
-- Parameters: $has_text_users, $has_text_items (ids that are numbers in the store cannot differ so).
with written_ids as (
    select
        'user' as what,
        cast(user_id as varchar) as spelling
    from events
    where $has_text_users
    group by user_id
    union all
    select
        'item' as what,
        cast(item_id as varchar) as spelling
    from events
    where $has_text_items
    group by item_id
),

numbers as (
    select
        what,
        spelling,
        case
            when
                spelling not like '%e%'
                and spelling not like '%E%'
                and try_cast(spelling as double) between 0e0 and 9e15
                then try_cast(spelling as double)
        end as number
    from written_ids
),

keyed as (
    select
        numbers.what,
        numbers.spelling,
        case
            when numbers.number = floor(numbers.number) then cast(cast(numbers.number as bigint) as varchar)
            else lower(trim(coalesce(composed_ids.composed, numbers.spelling)))
        end as spelling_key
    from numbers
    left join composed_ids
        on
            numbers.what = composed_ids.what
            and numbers.spelling = composed_ids.spelling
)

select
    what,
    spelling_key,
    count(*) as n_spellings,
    min(spelling) as first_spelling,
    max(spelling) as last_spelling
from keyed
group by what, spelling_key
having count(*) > 1
order by what desc, spelling_key
limit 1000

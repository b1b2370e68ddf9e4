-- Ids that hold a sign of which Unicode may have two forms: a letter and its accent apart (`e` and U+0301 for U+00E9),
-- or the parts of a syllable of Hangul.
-- Grain: what (user, item), spelling.
-- Tables: events; combining_signs (pattern), those signs as `like` has them.
-- Parameters: $has_text_users, $has_text_items (ids that are numbers in the store hold no such sign).
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
)

select
    written_ids.what,
    written_ids.spelling
from written_ids
inner join combining_signs on written_ids.spelling like combining_signs.pattern
group by written_ids.what, written_ids.spelling
order by written_ids.what, written_ids.spelling

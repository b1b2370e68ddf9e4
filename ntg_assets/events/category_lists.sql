-- How many categories look like whole lists of categories: brackets or quotes around them or
-- around their parts, or a separator that was not split at.
-- Grain: one row.
-- Tables: item_categories.
-- Parameters: none.
with category_counts as (
    select
        category,
        count(*) as n_items
    from item_categories
    group by category
),

judged_categories as (
    select
        category,
        n_items,
        case
            when
                category like '[%' or category like '%]' or category like '{%' or category like '%}'
                or category like '(%,%)' or category like '"%"' or category like '''%'''
                then 'in brackets'
            when category like '%;%' or category like '%|%' or category like '%,%' then 'with a separator inside'
        end as looks
    from category_counts
)

select
    count(*) as n_categories,
    count(*) filter (where looks = 'in brackets') as n_in_brackets,
    count(*) filter (where looks = 'with a separator inside') as n_with_separator,
    min(category) filter (where looks is not null) as example
from judged_categories

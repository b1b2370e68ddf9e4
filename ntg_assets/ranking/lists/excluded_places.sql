-- Places of lists that hold an item which a business rule excludes: there should be none.
-- Grain: one row per such place.
-- Parameters: none.
select
    'recommendations' as list,
    recommendations.rank as place,
    cast(recommendations.item_id as varchar) as item_id,
    item_rules.exclusion as exclusion
from recommendations
inner join item_rules on recommendations.item_id = item_rules.item_id
where item_rules.exclusion is not null

union all

select
    'default_list' as list,
    default_list.rank as place,
    cast(default_list.item_id as varchar) as item_id,
    item_rules.exclusion as exclusion
from default_list
inner join item_rules on default_list.item_id = item_rules.item_id
where item_rules.exclusion is not null

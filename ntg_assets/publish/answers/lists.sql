-- Purpose: tonight's lists, as a person reads them.
-- Grain: one row per user and place.
-- Parameters: none
select
    recommendations.user_id,
    recommendations.rank,
    recommendations.item_id,
    recommendations.title,
    items.categories,
    recommendations.score,
    recommendations.strongest_source,
    recommendations.rule,
    recommendations.reason
from recommendations
left join items on recommendations.item_id = items.item_id

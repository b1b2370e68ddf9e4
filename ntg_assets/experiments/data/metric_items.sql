-- The items whose events a metric counts, for metrics of some categories.
-- Grain: (experiment, metric, item).
-- Tables: item_categories, metric_categories (the configured designs).
-- Parameters: none.
select distinct
    metric_categories.experiment,
    metric_categories.metric,
    cast(item_categories.item_id as varchar) as item_id
from metric_categories
inner join item_categories
    on item_categories.category = metric_categories.category

-- Part of the population of each user of a replay: quartile of revenue at risk, known before TEST. 4 holds the most at risk.
-- Grain: unit.
-- Tables: revenue_risk_radar.
-- Parameters: none.
select
    cast(user_id as varchar) as unit_id,
    'revenue at risk, quartile ' || cast(ntile(4) over (order by revenue_at_risk, user_id) as varchar) as segment
from revenue_risk_radar

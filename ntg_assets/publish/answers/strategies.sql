-- Purpose: the contact strategies, and which of them may be compared by their profit.
-- Grain: one row per strategy.
-- Parameters: none
with
stated as (
    select
        *,
        case
            when n_contacts = 0 then 'nobody is contacted'
            when expected_cost = 0 then 'without costs'
            else 'after costs'
        end as costs
    from strategy_comparison
),

grouped as (
    select
        *,
        concat(unit, ', ', evidence, ', ', costs) as compare_within
    from stated
)

select
    strategy,
    n_contacts,
    revenue_at_risk_share,
    expected_saved_value,
    expected_cost,
    expected_profit,
    unit,
    evidence,
    compare_within,
    row_number() over (partition by compare_within order by expected_profit desc, strategy) as place_within,
    count(*) over (partition by compare_within) as n_within,
    is_proven_best
from grouped

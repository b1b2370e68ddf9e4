-- How many candidates there are, by source and together: the price of recall.
-- Grain: one row per source of `candidates`, and `all` for the distinct (user, item); no rows without candidates.
-- Parameters: none.
with pairs as (
    select distinct
        user_id,
        item_id
    from candidates
),

users as (
    select distinct user_id
    from pairs
),

counted as (
    select count(*) as n_users
    from users
),

sizes as (
    select
        'all' as source,
        count(*) as n_candidates
    from pairs
    union all
    select
        source,
        count(*) as n_candidates
    from candidates
    group by source
)

select
    sizes.source,
    cast(sizes.n_candidates as double) / nullif(counted.n_users, 0) as n_candidates_per_user
from sizes
cross join counted
where counted.n_users > 0

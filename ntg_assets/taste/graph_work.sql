-- How much counting each guardrail of a graph saves: updates are pairs of items of one user.
-- Grain: one row.
-- Parameters: $max_items: items of a user that count, the latest.
with users as (
    select
        user_id,
        cast(sum(n_instants) as bigint) as n_instants,
        count(*) as n_pairs,
        count(case when place <= $max_items then 1 end) as n_capped
    from pairs
    group by user_id
),

member_counts as (
    select
        user_id,
        count(*) as n_members
    from members
    group by user_id
)

select
    count(*) as n_users,
    cast(sum(users.n_instants * users.n_instants) as bigint) as all_updates,
    cast(sum(users.n_pairs * users.n_pairs) as bigint) as pair_updates,
    cast(sum(users.n_capped * users.n_capped) as bigint) as capped_updates,
    cast(coalesce(sum(member_counts.n_members * member_counts.n_members), 0) as bigint) as member_updates
from users
left join member_counts on member_counts.user_id = users.user_id

-- Rows of each source file of the log, as the reader delivers them, and in one more row (load_file 0) what the usable ones of all
-- files span. Everything that must be known of a load before it is stored, in one reading.
-- Grain: load_file, and 0 for all.
-- Tables: typed_rows (see typed_rows.py).
-- Parameters: none.
with user_rows as (
    select
        load_file,
        case when is_valid then user_id end as user_id,
        count(*) as n_read,
        count(*) filter (where is_valid) as n_valid,
        count(*) filter (where skip_number is not null) as n_skipped,
        count(*) filter (where is_valid and is_folded) as n_folded,
        cast(sum(n_inner_lines) as bigint) as n_inner_lines,
        cast(sum(n_inner_blank_lines) as bigint) as n_inner_blank_lines,
        min(case when is_valid then event_at end) as first_at,
        max(case when is_valid then event_at end) as last_at
    from typed_rows
    group by load_file, case when is_valid then user_id end
),

users as (
    select user_id
    from user_rows
    where user_id is not null
    group by user_id
),

user_count as (
    select count(*) as n_users
    from users
)

select
    load_file,
    cast(sum(n_read) as bigint) as n_read,
    cast(sum(n_valid) as bigint) as n_valid,
    cast(sum(n_skipped) as bigint) as n_skipped,
    cast(sum(n_folded) as bigint) as n_folded,
    cast(sum(n_inner_lines) as bigint) as n_inner_lines,
    cast(sum(n_inner_blank_lines) as bigint) as n_inner_blank_lines,
    0 as n_users,
    min(first_at) as first_at,
    max(last_at) as last_at
from user_rows
group by load_file
union all
select
    0 as load_file,
    cast(sum(user_rows.n_read) as bigint) as n_read,
    cast(sum(user_rows.n_valid) as bigint) as n_valid,
    cast(sum(user_rows.n_skipped) as bigint) as n_skipped,
    cast(sum(user_rows.n_folded) as bigint) as n_folded,
    cast(sum(user_rows.n_inner_lines) as bigint) as n_inner_lines,
    cast(sum(user_rows.n_inner_blank_lines) as bigint) as n_inner_blank_lines,
    min(user_count.n_users) as n_users,
    min(user_rows.first_at) as first_at,
    max(user_rows.last_at) as last_at
from user_rows
cross join user_count

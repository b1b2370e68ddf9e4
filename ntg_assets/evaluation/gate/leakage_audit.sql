-- What the stored tables of the back-test themselves say about time: every row that could only come from the future is counted.
-- Grain: one row per (table, rule).
-- Parameters: $train_end, $val_start, $test_start, $log_end (instants); $cutoff_on (date); $is_global (whether the parts share one clock);
--   $is_daily (whether, besides, that clock divides them at midnights of the service's zone).
with train_users as (
    select user_id from train_events
    group by user_id
),

train_items as (
    select item_id from train_events
    group by item_id
),

counted as (
    select
        'train_events' as table_name,
        'no event at or after the cutoff' as rule,
        count(*) as n_rows,
        count(case when event_at >= $train_end then 1 end) as n_violations
    from train_events
    union all
    select
        'train_events',
        'no day at or after the cutoff',
        count(*),
        count(case when event_on >= $cutoff_on then 1 end)
    from train_events
    union all
    select
        'val_events',
        'every event inside [t_val, t_test)',
        count(*),
        count(case when $is_global and (event_at < $val_start or event_at >= $test_start) then 1 end)
    from val_events
    union all
    select
        'val_events',
        'no day before the cutoff',
        count(*),
        count(case when $is_daily and event_on < $cutoff_on then 1 end)
    from val_events
    union all
    select
        'test_events',
        'every event inside [t_test, end)',
        count(*),
        count(case when $is_global and (event_at < $test_start or event_at >= $log_end) then 1 end)
    from test_events
    union all
    select
        'user_days',
        'no day at or after the cutoff',
        count(*),
        count(case when active_on >= $cutoff_on then 1 end)
    from user_days
    union all
    select
        'interaction_features',
        'no latest event at or after the cutoff',
        count(*),
        count(case when last_event_at >= $train_end then 1 end)
    from interaction_features
    union all
    select
        'user_features',
        'every user has an event in TRAIN',
        count(*),
        count(case when train_users.user_id is null then 1 end)
    from user_features
    left join train_users on train_users.user_id = user_features.user_id
    union all
    select
        'item_features',
        'every item has an event in TRAIN',
        count(*),
        count(case when train_items.item_id is null then 1 end)
    from item_features
    left join train_items on train_items.item_id = item_features.item_id
    union all
    select
        'taste_graph',
        'every node has an event in TRAIN',
        count(*),
        count(case when train_items.item_id is null then 1 end)
    from taste_graph
    left join train_items on train_items.item_id = taste_graph.neighbour_id
    union all
    select
        'candidates',
        'every candidate has an event in TRAIN',
        count(*),
        count(case when train_items.item_id is null then 1 end)
    from candidates
    left join train_items on train_items.item_id = candidates.item_id
    union all
    select
        'churn_labels',
        'every label window closes before the cutoff',
        count(*),
        count(case when window_end_on > $cutoff_on then 1 end)
    from churn_labels
    union all
    select
        'churn_labels',
        'every label window starts where its features end',
        count(*),
        count(case when window_start_on < snapshot_on then 1 end)
    from churn_labels
    union all
    select
        'churn_scores',
        'every user has an event in TRAIN',
        count(*),
        count(case when train_users.user_id is null then 1 end)
    from churn_scores
    left join train_users on train_users.user_id = churn_scores.user_id
)

select
    table_name,
    rule,
    n_rows,
    n_violations
from counted

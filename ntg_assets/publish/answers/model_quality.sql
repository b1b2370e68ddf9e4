-- Purpose: the few measures by which each model is judged, in one form.
-- Grain: one row per model, part it was measured on, and measure.
-- Parameters: none
with
ranking as (
    select
        'ranking' as model,
        split as measured_on,
        concat(metric, '@', k) as measure,
        mean as "value",
        low,
        high,
        floor_mean as reference,
        n_users
    from ranking_report
    where
        slice = 'all' and strategy = 'blend' and k = 10
        and metric in ('ndcg', 'recall', 'hit')
),

base_rates as (
    select
        evaluation,
        "value" as reference
    from churn_calibration
    where segment = 'all' and bin = 0 and metric = 'log_loss_of_base_rate'
),

churn as (
    select
        'churn' as model,
        churn_calibration.evaluation as measured_on,
        churn_calibration.metric as measure,
        churn_calibration."value",
        churn_calibration.low,
        churn_calibration.high,
        case
            when churn_calibration.metric = 'log_loss' then base_rates.reference
            when churn_calibration.metric = 'auc' then 0.5e0
        end as reference,
        churn_calibration.n_users
    from churn_calibration
    left join base_rates on churn_calibration.evaluation = base_rates.evaluation
    where
        churn_calibration.segment = 'all' and churn_calibration.bin = 0
        and churn_calibration.metric in ('auc', 'ece', 'log_loss', 'brier')
),

radar as (
    select
        'radar' as model,
        evaluation as measured_on,
        concat('captured_share@10%:', loss) as measure,
        captured_share as "value",
        captured_share_low as low,
        captured_share_high as high,
        oracle_captured_share as reference,
        n_users
    from radar_backtest
    where ranking = 'radar' and round(depth_share * 100) = 10
),

ranked_value as (
    select
        'value' as model,
        evaluation as measured_on,
        'spearman' as measure,
        spearman as "value",
        cast(null as double) as low,
        cast(null as double) as high,
        cast(null as double) as reference,
        n_users
    from value_backtest
    where model = 'shipped'
),

summed_value as (
    select
        'value' as model,
        evaluation as measured_on,
        'bias_ratio' as measure,
        bias_ratio as "value",
        cast(null as double) as low,
        cast(null as double) as high,
        cast(null as double) as reference,
        n_users
    from value_backtest
    where model = 'shipped'
),

measures as (
    select
        model,
        measured_on,
        measure,
        "value",
        low,
        high,
        reference,
        n_users
    from ranking
    union all
    select
        model,
        measured_on,
        measure,
        "value",
        low,
        high,
        reference,
        n_users
    from churn
    union all
    select
        model,
        measured_on,
        measure,
        "value",
        low,
        high,
        reference,
        n_users
    from radar
    union all
    select
        model,
        measured_on,
        measure,
        "value",
        low,
        high,
        reference,
        n_users
    from ranked_value
    union all
    select
        model,
        measured_on,
        measure,
        "value",
        low,
        high,
        reference,
        n_users
    from summed_value
)

select
    model,
    measured_on,
    measure,
    "value",
    low,
    high,
    reference,
    n_users
from measures

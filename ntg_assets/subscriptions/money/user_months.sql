-- What each user pays per month, at the first day of each month: contracts that ran on the day before, trials at nothing.
-- Grain: one row per (user, currency, month) with a paid contract.
-- Parameters: none; `months` (month_on) names the days.
select
    known_terms.user_id,
    known_terms.currency,
    months.month_on,
    cast(sum(known_terms.mrr_minor) as bigint) as mrr_minor
from known_terms
inner join months
    on
        known_terms.paid_from_on < months.month_on
        and (known_terms.ended_on is null or known_terms.ended_on >= months.month_on)
where known_terms.mrr_minor > 0
group by known_terms.user_id, known_terms.currency, months.month_on

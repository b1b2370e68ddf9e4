-- Files whose stored rows are not the rows that the ledger accepted or refused.
-- Grain: load_file; no rows when everything adds up.
-- Tables: load_ledger, events, quarantine.
-- Parameters: none.
with accepted as (
    select
        load_file,
        count(*) as n_rows
    from events
    group by load_file
),

quarantined as (
    select
        load_file,
        count(*) as n_rows
    from quarantine
    group by load_file
)

select
    load_ledger.load_file,
    load_ledger.file_name,
    load_ledger.n_accepted,
    coalesce(accepted.n_rows, 0) as n_stored,
    load_ledger.n_quarantined,
    coalesce(quarantined.n_rows, 0) as n_stored_quarantined
from load_ledger
left join accepted on load_ledger.load_file = accepted.load_file
left join quarantined on load_ledger.load_file = quarantined.load_file
where
    coalesce(quarantined.n_rows, 0) <> load_ledger.n_quarantined
    or (load_ledger.source = 'events' and coalesce(accepted.n_rows, 0) <> load_ledger.n_accepted)
order by load_ledger.load_file

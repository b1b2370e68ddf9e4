-- Purpose: what became of each source file's rows, with the most frequent reason for a rejection.
-- Grain: one row per source file.
-- Parameters: none
with
reasons as (
    select
        load_file,
        reason,
        count(*) as n_rows,
        min(line) as first_line
    from quarantine
    group by load_file, reason
),

ordered as (
    select
        load_file,
        reason,
        n_rows,
        first_line,
        row_number() over (partition by load_file order by n_rows desc, reason) as place
    from reasons
),

examples as (
    select
        load_file,
        reason,
        line,
        min(raw_text) as raw_text
    from quarantine
    group by load_file, reason, line
)

select
    load_ledger.load_file,
    load_ledger.source,
    load_ledger.file_name,
    load_ledger.n_rows,
    load_ledger.n_accepted,
    load_ledger.n_quarantined,
    load_ledger.n_duplicates,
    load_ledger.is_copy,
    ordered.reason as main_reason,
    ordered.n_rows as n_main_reason,
    examples.raw_text as example
from load_ledger
left join ordered on load_ledger.load_file = ordered.load_file and ordered.place = 1
left join examples
    on
        ordered.load_file = examples.load_file
        and ordered.reason = examples.reason
        and ordered.first_line = examples.line

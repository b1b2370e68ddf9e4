-- Who is looked at and when: the users of contracts at their snapshots.
-- Grain: one row per (user_id, cutoff_on).
-- Parameters: none.
select
    user_id,
    snapshot_on as cutoff_on
from contract_states
group by user_id, snapshot_on

-- Candidates that a held-out part shows to have been right.
-- Grain: one row per (user, item, source) of `candidates` whose user and item are among `relevant`.
-- Parameters: none.
select
    candidates.user_id,
    candidates.item_id,
    candidates.source
from candidates
inner join relevant on relevant.user_id = candidates.user_id and relevant.item_id = candidates.item_id

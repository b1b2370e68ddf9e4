-- Who saw which arm, and when, from every source; the `source` column keeps them apart.
-- Grain: (experiment, unit, arm).
-- Tables: replay_exposures, exposure_log.
-- Parameters: none.
select
    experiment,
    unit_id,
    arm,
    source,
    first_exposed_at,
    last_exposed_at,
    n_exposures
from replay_exposures
union all
select
    experiment,
    unit_id,
    arm,
    source,
    first_exposed_at,
    last_exposed_at,
    n_exposures
from exposure_log

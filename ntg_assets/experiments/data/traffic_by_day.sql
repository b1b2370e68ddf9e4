-- How many units of each experiment on logs saw their first arm on each day of the service's zone.
-- A unit that saw several arms counts once, in the arm that it saw first (ties: by name), as in `arm_traffic`.
-- Grain: (experiment, arm, day).
-- Tables: exposure_log.
-- Parameters: none.
with placed as (
    select
        experiment,
        arm,
        first_exposed_on as exposed_on,
        row_number() over (
            partition by experiment, unit_id
            order by first_exposed_at, arm
        ) as place
    from exposure_log
)

select
    experiment,
    arm,
    exposed_on,
    count(*) as n_units
from placed
where place = 1
group by experiment, arm, exposed_on

-- What was known of users or items before a cutoff, and held at it: known_from < cutoff, valid_from <= cutoff, the latest of them.
-- A row without a time held, or was known, from the start. Of rows alike in both times the last one of its source counts.
-- Grain: one row per (listed_id, cutoff_at, attribute) of `wanted` that had a value or has lost it.
-- Parameters: $entity (user or item); `wanted` (listed_id, cutoff_at) says who is looked at, and when.
with seen as (
    select
        wanted.listed_id,
        wanted.cutoff_at,
        attributes.attribute,
        attributes.value,
        row_number() over (
            partition by wanted.listed_id, wanted.cutoff_at, attributes.attribute
            order by
                coalesce(attributes.valid_from_at, timestamp '0001-01-01 00:00:00') desc,
                coalesce(attributes.known_from_at, timestamp '0001-01-01 00:00:00') desc,
                attributes.place desc
        ) as age
    from wanted
    inner join attributes
        on
            attributes.listed_id = wanted.listed_id
            and attributes.entity = $entity
            and coalesce(attributes.known_from_at, timestamp '0001-01-01 00:00:00') < wanted.cutoff_at
            and coalesce(attributes.valid_from_at, timestamp '0001-01-01 00:00:00') <= wanted.cutoff_at
)

select
    listed_id,
    cutoff_at,
    attribute,
    value
from seen
where age = 1

-- Items of the log that the item table does not hold, and that are numbers there in another spelling (`10.0` for `10`).
-- Grain: item id of the log.
-- Tables: events, items.
-- Parameters: none.
with log_items as (
    select cast(item_id as varchar) as spelling
    from events
    group by item_id
),

unknown_items as (
    select log_items.spelling
    from log_items
    left join items on cast(items.item_id as varchar) = log_items.spelling
    where items.item_id is null
),

log_numbers as (
    select
        spelling,
        try_cast(spelling as double) as number
    from unknown_items
    where spelling not like '%e%' and spelling not like '%E%'
),

table_numbers as (
    select
        min(cast(item_id as varchar)) as known_spelling,
        try_cast(cast(item_id as varchar) as double) as number
    from items
    group by try_cast(cast(item_id as varchar) as double)
)

select
    log_numbers.spelling,
    table_numbers.known_spelling
from log_numbers
inner join table_numbers on log_numbers.number = table_numbers.number
where log_numbers.number between 0e0 and 9e15 and log_numbers.number = floor(log_numbers.number)
order by log_numbers.spelling

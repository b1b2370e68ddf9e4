-- Active days of the users who were known on a day, in as many days before and after it.
-- Grain: one row per anchor of `anchors` (anchor_on, first_on, end_on) around which anybody was active.
-- Parameters: none.
with days as (
    select
        user_id,
        active_on,
        min(active_on) over (partition by user_id) as joined_on
    from user_days
)

select
    anchors.anchor_on,
    count(case when days.active_on < anchors.anchor_on then 1 end) as n_before,
    count(case when days.active_on >= anchors.anchor_on then 1 end) as n_after
from anchors
inner join days
    on
        days.active_on >= anchors.first_on
        and days.active_on < anchors.end_on
        and days.joined_on < anchors.first_on
group by anchors.anchor_on

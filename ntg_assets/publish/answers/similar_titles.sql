-- Purpose: the taste graph with the titles of both ends.
-- Grain: one row per edge.
-- Parameters: none
select
    taste_graph.item_id,
    own.title,
    taste_graph.rank,
    taste_graph.neighbour_id,
    neighbours.title as neighbour_title,
    taste_graph.similarity,
    taste_graph.shared_users
from taste_graph
left join items as own on taste_graph.item_id = own.item_id
left join items as neighbours on taste_graph.neighbour_id = neighbours.item_id

"""What is published is listed with its rows and the hash of what it holds."""

from ntg_assets.publish.contents import list_contents
from ntg_assets.sql import Table
from ntg_assets.storage.connection import connect
from ntg_assets.storage.versions import content_hash


def test_contents_say_the_rows_of_each_table_in_the_order_given() -> None:
    with connect() as connection:
        connection.execute("create schema live")
        connection.execute("create table live.many as select range as n from range(17)")
        connection.execute("create table live.empty as select 1 as n limit 0")
        listed = list_contents(connection, [("live", "many"), ("live", "empty")])
        hashed = content_hash(connection, Table("live", "many"))
    assert listed.select("stage", "name", "n_rows").rows() == [
        ("live", "many", 17),
        ("live", "empty", 0),
    ]
    assert listed["content"][0] == hashed

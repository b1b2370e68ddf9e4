"""A feature that is added in one place alone is refused with the file that lacks it; it never
vanishes.
"""

from datetime import date

import polars as pl
import pytest

from ntg_assets.churn.contracts.snapshots import ChurnSnapshots
from ntg_assets.contracts import Contract, IdTypes
from ntg_assets.errors import ContractError
from ntg_assets.features.contracts.users import UserFeatures
from ntg_assets.features.user_activity import active_users_at, user_activity_features
from ntg_assets.sql import Query, Table, columns_left_out, query, read_sql, whole
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run
from ntg_assets.storage.tables import write_table
from ntg_assets_tests.logs import events

CUTOFF = date(2024, 3, 1)
CATEGORIES = pl.DataFrame(
    {"item_id": [1, 2], "category": ["drama", "comedy"], "position": 1, "n_categories": 1}
)
IDS = IdTypes("integer", "integer")


def added(monkeypatch: pytest.MonkeyPatch, name: str, before: str, column: str) -> None:
    """Let one SQL file make a further column."""

    def with_column(package: str, file: str) -> str:
        text = read_sql(package, file)
        return text.replace(before, f"{column},\n    {before}") if file == name else text

    assert before in read_sql("churn" if name.startswith("churn") else "features", name)
    monkeypatch.setattr("ntg_assets.sql.read_sql", with_column)


def features() -> Query:
    log = events((1, 1, "2024-02-01"), (1, 2, "2024-02-08"), (2, 1, "2024-02-09"))
    days = run(query("features", "user_days", {"train_events": log}))
    pairs = run(
        query(
            "features",
            "interaction_features",
            {"train_events": log},
            cutoff_on=CUTOFF,
            recent_days=30,
        )
    )
    tables = {"interaction_features": pairs, "item_categories": CATEGORIES}
    return query(
        "features",
        "user_features",
        {
            "activity": user_activity_features(days, active_users_at(days, CUTOFF)),
            "taste": whole(query("features", "user_taste_features", tables)),
        },
    )


def snapshots() -> Query:
    days = run(query("features", "user_days", {"train_events": events((1, 1, "2024-02-01"))}))
    activity = user_activity_features(days, active_users_at(days, CUTOFF))
    return query("churn", "churn_snapshots", {"activity": activity})


def store(name: str, made: Query, model: type[Contract]) -> None:
    with connect() as connection:
        write_table(connection, Table("backtest", name), made, model, ids=IDS)


def test_features_as_they_are_are_stored() -> None:
    store("user_features", features(), UserFeatures)
    store("churn_snapshots", snapshots(), ChurnSnapshots)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("user_activity_features", "decayed_value_90d\nfrom spread"),
        ("user_taste_features", "items_of_user.n_items,\n    items_of_user.n_repeat"),
    ],
)
def test_a_feature_of_one_part_alone_does_not_vanish(
    monkeypatch: pytest.MonkeyPatch, name: str, before: str
) -> None:
    added(monkeypatch, name, before, "1 as loyalty")
    with pytest.raises(
        ContractError,
        match=rf"features/user_features.sql does not name loyalty, which ntg_assets/\S+/{name}",
    ):
        store("user_features", features(), UserFeatures)


def test_the_snapshots_of_churn_take_every_feature_of_activity(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added(monkeypatch, "user_activity_features", "decayed_value_90d\nfrom spread", "1 as loyalty")
    with pytest.raises(ContractError, match=r"churn/churn_snapshots.sql does not name loyalty"):
        store("churn_snapshots", snapshots(), ChurnSnapshots)


def test_a_feature_that_no_contract_describes_names_the_contract(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added(monkeypatch, "user_features", "taste.n_items", "1 as loyalty")
    with pytest.raises(
        ContractError,
        match=r"loyalty: column is not in the contract.*features/user_features.sql.*UserFeatures in"
        r" ntg_assets/features/contracts/users.py",
    ):
        store("user_features", features(), UserFeatures)


def test_a_feature_that_no_query_makes_names_the_query() -> None:
    made = features()
    shorter = Query(
        made.text.replace("    activity.tenure_days,\n", ""), made.tables, origin=made.origin
    )
    with pytest.raises(ContractError, match="does not name tenure_days"):
        store("user_features", shorter, UserFeatures)
    loose = Query(
        "select * from made", {"made": Query("select 1 as user_id")}, origin="features/x.sql"
    )
    with pytest.raises(ContractError, match=r"cutoff_on: column is missing.*features/x.sql"):
        store("user_features", loose, UserFeatures)


def test_a_name_of_another_table_or_in_a_comment_is_no_use_of_the_column() -> None:
    part = whole(Query("select 1 as n_items, 2 as n"))
    made = {"activity": ["n_items", "n"], "taste": ["n_items"]}
    outer = Query(
        "select activity.n, taste.n_items -- activity.n_items\nfrom activity cross join taste",
        {"activity": part, "taste": part},
    )
    assert columns_left_out(outer, made) == {"activity": ["n_items"]}
    star = Query("select activity.*, taste.n_items from activity cross join taste", outer.tables)
    assert columns_left_out(star, made) == {}

"""What differs between two generations is told by how much, and with what may be why."""

import json
from pathlib import Path

import duckdb
import polars as pl
import pytest

import ntg_assets.definitions  # noqa: F401  # loads every stage, which registers the contracts
from ntg_assets.cli.publications.differences import told
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import load_settings
from ntg_assets.contracts import contract_of, key_of, known_tables
from ntg_assets.publish.generations.changes import Change, changes, flat
from ntg_assets.publish.generations.differences import differences
from ntg_assets.publish.generations.news import news
from ntg_assets.publish.generations.origin import ORIGIN, origin_of
from ntg_assets.publish.generations.shelf import find
from ntg_assets.publish.generations.stored_tables import _key
from ntg_assets.publish.generations.table_differences import table_differences
from ntg_assets.publish.manifest import Manifest, write_manifest
from ntg_assets.publish.store_schema import table_comment
from ntg_assets.sql import Table
from ntg_assets.statistics.processor import processor
from ntg_assets_tests.nights import STORE, paths_of
from ntg_assets_tests.workspaces import HOME
from tools.determinism import report

LISTS = {
    1: [(1, 10, 1), (1, 11, 2), (2, 10, 1), (2, 12, 2)],
    2: [(1, 11, 1), (1, 10, 2), (2, 10, 1), (2, 13, 2)],
}
Rows = dict[str, list[tuple[object, ...]]]
LAST_BIT = 1 + 2**-52


def radar(factor: float, *users: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "user_id": list(users),
            "rank": list(range(1, len(users) + 1)),
            "revenue_at_risk": [factor * 1.1 for _ in users],
        }
    )


def tables_of(generation: int) -> dict[str, pl.DataFrame]:
    lists = pl.DataFrame(LISTS[generation], schema=["user_id", "item_id", "rank"], orient="row")
    targets = pl.DataFrame({"strategy": "s", "user_id": [1, 1 + generation], "action": "contact"})
    decision = "iterate" if generation == 1 else "rollout"
    return {
        "live.recommendations": lists,
        "live.revenue_risk_radar": radar(1.0 if generation == 1 else LAST_BIT, 1, 2, 3),
        "live.intervention_targets": targets,
        "live.default_list": pl.DataFrame({"item_id": [1], "rank": [1]}),
        "experiments.decisions": pl.DataFrame({"experiment": ["e"], "decision": [decision]}),
        "ingest.load_ledger": pl.DataFrame(
            {"load_file": [1], "file_name": ["log.csv"], "sha256": [f"{generation}" * 64]}
        ),
    }


def write_store(file: Path, tables: dict[str, pl.DataFrame]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(file)) as store:
        for name, frame in tables.items():
            store.register("incoming", frame)
            store.execute(f"create schema if not exists {name.split('.')[0]}")
            store.execute(f"create table {name} as select * from incoming")


def shelve(paths: Paths, generation: int, **overrides: object) -> None:
    folder = paths.generations / f"{generation:012x}"
    write_store(folder / STORE, tables_of(generation))
    settings = load_settings("configs/dev.yaml", home=HOME, environment={}, overrides=overrides)
    (folder / ORIGIN).parent.mkdir(parents=True)
    (folder / ORIGIN).write_text(origin_of(settings).model_dump_json())
    manifest = Manifest(
        generation=folder.name,
        source="s",
        configuration=settings.fingerprint,
        as_of="2024-01-01",
        headlines={"users": 2.0, "revenue_at_risk": 1.0 * generation},
        files=[],
    )
    write_manifest(manifest, paths.at(folder).manifest)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = paths_of(tmp_path)
    shelve(made, 1)
    shelve(made, 2, **{"ranking.top_k": 7})
    return made


def test_every_kind_of_difference_is_found_with_its_size(paths: Paths) -> None:
    found = differences(paths, *(find(paths, f"{one:012x}") for one in (1, 2)))
    assert found.figures == [Change("revenue_at_risk", 1.0, 2.0)]
    assert found.decisions == [Change("e", "iterate", "rollout")]
    assert found.inputs == [Change("log.csv", "1" * 64, "2" * 64)]
    assert found.settings == [Change("ranking.top_k", 20, 7)]
    assert found.code == []
    assert found.ranks == [
        # user 1: the same two items the other way round; user 2: one of two items is another
        (
            "lists: 2 of 2 users have another list (1 another first item); 75% of the items of a"
            " list stay on average"
        ),
        "contacts: 1 are new, 1 are gone",
    ]
    by_name = {table.table: table for table in found.tables}
    assert set(by_name) == {
        "experiments.decisions",
        "ingest.load_ledger",
        "live.intervention_targets",
        "live.recommendations",
        "live.revenue_risk_radar",
    }
    assert by_name["live.revenue_risk_radar"].is_last_bits
    assert not by_name["live.recommendations"].is_last_bits
    assert (
        by_name["live.intervention_targets"].n_gone,
        by_name["live.intervention_targets"].n_new,
    ) == (1, 1)
    lines = "\n".join(told(found))
    for line in (
        "revenue_at_risk: 1 -> 2 (+1)",
        "e: iterate -> rollout",
        "1 tables differ in last bits alone",
        "ranking.top_k: 20 -> 7 (-13)",
    ):
        assert line in lines, line


def test_news_of_a_run_are_told_in_plain_words(paths: Paths) -> None:
    before, after = (find(paths, f"{one:012x}") for one in (1, 2))
    assert news(paths, before, after) == [
        (
            "since generation 000000000001 (known before 2024-01-01); `ntg diff` names every table,"
            " input, setting and file of code"
        ),
        "revenue at risk 1 -> 2",
        "e: rollout, was iterate",
        (
            "lists: 2 of 2 users have another list (1 another first item); 75% of the items of a"
            " list stay on average"
        ),
        "contacts: 1 are new, 1 are gone",
    ]


def test_no_news_are_told_as_such(paths: Paths) -> None:
    before, after = (find(paths, f"{one:012x}") for one in (1, 2))
    assert news(paths, None, after) == ["the first publication: there is nothing before it"]
    assert news(paths, after, after)[0].startswith("nothing: the tables are those of generation")
    other = after._replace(manifest=after.manifest.model_copy(update={"source": "t"}))
    assert news(paths, before, other)[0].startswith("everything: generation 000000000001 was made")
    gone = before._replace(folder=paths.generations / "pruned")
    assert news(paths, gone, after)[0].endswith("is not kept any more")


def test_the_same_generation_differs_in_nothing(paths: Paths) -> None:
    same = find(paths, f"{1:012x}")
    assert list(told(differences(paths, same, same)))[1:] == ["no table differs"]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        # key (user_id, rank): one row changed by 0.5, one gone, two new
        (
            {"live.recommendations": [(1, 1, 0.5), (1, 2, 1.0)]},
            {"live.recommendations": [(1, 1, 1.0), (2, 1, 1.0), (2, 2, 1.0)]},
            (2, 3, 1, 2, [("score", 1, 0.5, False)]),
        ),
        # a null and a value are two values; nothing is larger than nothing
        (
            {"live.recommendations": [(1, 1, None)]},
            {"live.recommendations": [(1, 1, 1.0)]},
            (1, 1, 0, 0, [("score", 1, None, False)]),
        ),
        # no contract, so no key: rows as sets
        (
            {"live.unknown": [(1, 1, 0.5)]},
            {"live.unknown": [(1, 1, 1.5)]},
            (1, 1, 1, 1, []),
        ),
    ],
)
def test_rows_are_compared_by_their_key(
    tmp_path: Path,
    before: dict[str, list[tuple[object, ...]]],
    after: dict[str, list[tuple[object, ...]]],
    said: tuple[object, ...],
) -> None:
    schema = {"user_id": pl.Int64, "rank": pl.Int64, "score": pl.Float64}
    with duckdb.connect() as connection:
        for name, tables in (("before", before), ("after", after)):
            write_store(
                tmp_path / f"{name}.duckdb",
                {
                    table: pl.DataFrame(rows, schema=schema, orient="row")
                    for table, rows in tables.items()
                },
            )
            connection.execute(f"attach '{tmp_path}/{name}.duckdb' as {name}")
        (found,) = table_differences(connection, "before", "after")
    assert (
        found.n_before,
        found.n_after,
        found.n_gone,
        found.n_new,
        [tuple(column) for column in found.columns],
    ) == said


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ([1.0, 2.0], [1.0, 2.0 + 1e-10], "last bits"),
        ([1.0, 2.0], [1.0, 2.0 + 1e-8], "DIFFERENT"),
        ([1.0, 2.0], [1.0, 2.0, 3.0], "DIFFERENT"),
        ([1.0, 2.0], [1.0, None], "DIFFERENT"),
        (1e-20, 2e-20, "last bits"),  # of a value, or of 1
        (1e6, 1e6 + 1e-4, "last bits"),
        (1e6, 1e6 + 1e-2, "DIFFERENT"),
        ("a", "b", "DIFFERENT"),
        (1, 2, "DIFFERENT"),
    ],
)
def test_last_bits_are_those_of_floats_alone(
    tmp_path: Path, before: object, after: object, word: str
) -> None:
    for name, value in (("a", before), ("b", after)):
        rows = pl.DataFrame({"user_id": [1], "rank": [1], "value": [value]})
        write_store(tmp_path / f"{name}.duckdb", {"live.recommendations": rows})
    stores = [tmp_path / "a.duckdb", tmp_path / "b.duckdb"]
    lines, is_broken = report(stores)
    assert is_broken == (word == "DIFFERENT")
    assert lines[0].startswith(word)
    assert lines[-1].startswith("1 tables: 0 equal")
    assert report(stores[:1] * 2) == (
        [
            "equal      live.recommendations",
            "1 tables: 1 equal, 0 but for last bits, 0 but for hashes of these, 0 different",
        ],
        False,
    )


def test_hashes_of_other_tables_break_no_rule_by_themselves(tmp_path: Path) -> None:
    for name, (content, rank) in {"a": ("0", 1), "b": ("1", 1), "c": ("1", 2)}.items():
        rows = pl.DataFrame({"user_id": [1], "rank": [1], "content": [content], "place": [rank]})
        write_store(tmp_path / f"{name}.duckdb", {"live.recommendations": rows})
    a, b, c = (tmp_path / f"{name}.duckdb" for name in "abc")
    lines, is_broken = report([a, b])
    assert (lines[0].split(":")[0], is_broken) == ("hashes     live.recommendations", False)
    assert report([a, c])[1]


def test_processors_of_other_types_are_named_with_what_they_explain(paths: Paths) -> None:
    before, after = (find(paths, f"{one:012x}") for one in (1, 2))
    file = after.folder / ORIGIN
    file.write_text(json.dumps(json.loads(file.read_text()) | {"machine": "x86_64, BLAS Nehalem"}))
    found = differences(paths, before, after)
    assert found.processors == Change("processor", processor(), "x86_64, BLAS Nehalem")
    assert "another cause" in list(told(found))[-1]
    bits = [table for table in found.tables if table.is_last_bits]
    same = found._replace(figures=[], decisions=[], ranks=[], tables=bits)
    assert list(told(same))[-1].strip() == (
        "floats differ below 1e-9 only: ids, ranks, lists and decisions are the same"
    )


def test_figures_that_differ_in_last_bits_are_no_other_figures(paths: Paths) -> None:
    same = find(paths, f"{1:012x}")
    near, far = (
        same._replace(manifest=same.manifest.model_copy(update={"headlines": {"f": value}}))
        for value in (1e6 + 1e-4, 1e6 + 1e-2)
    )
    one = same._replace(manifest=same.manifest.model_copy(update={"headlines": {"f": 1e6}}))
    assert differences(paths, one, near).figures == []
    assert differences(paths, one, far).figures == [Change("f", 1e6, 1e6 + 1e-2)]


def test_a_table_or_a_column_of_one_side_alone_is_told(tmp_path: Path) -> None:
    write_store(
        tmp_path / "a.duckdb",
        {"live.one": pl.DataFrame({"n": [1]}), "live.two": pl.DataFrame({"n": [1]})},
    )
    write_store(tmp_path / "b.duckdb", {"live.two": pl.DataFrame({"n": [1], "m": [2]})})
    with duckdb.connect() as connection:
        for name in "ab":
            connection.execute(f"attach '{tmp_path}/{name}.duckdb' as {name}")
        one, two = table_differences(connection, "a", "b")
    assert (one.table, one.n_before, one.n_after) == ("live.one", 1, None)
    assert (two.table, two.other_columns) == ("live.two", ("m",))


def test_settings_are_compared_by_dotted_key() -> None:
    one, two = flat({"a": {"b": 1, "c": [1]}, "d": 2}), flat({"a": {"b": 1, "c": [2]}, "e": 3})
    assert changes(one, two) == [
        Change("a.c", [1], [2]),
        Change("d", 2, None),
        Change("e", None, 3),
    ]


def test_what_made_a_generation_names_code_and_libraries() -> None:
    origin = origin_of(load_settings("configs/dev.yaml", home=HOME, environment={}))
    assert "publish/generations/origin.py" in origin.code
    assert "publish/generations/headlines.sql" in origin.code
    assert {"python", "duckdb", "polars"} <= set(origin.libraries)
    assert "workspace" not in origin.settings
    assert json.loads(origin.model_dump_json())["settings"]["ranking"]["top_k"] == 20
    other = origin.model_copy(
        update={"code": origin.code | {"publish/generations/origin.py": "other"}}
    )
    assert other.fingerprint != origin.fingerprint


def test_the_key_of_a_published_table_stands_in_its_comment() -> None:
    model = contract_of("recommendations")
    comment = table_comment(Table("live", "recommendations"), model)
    assert _key("recommendations", comment) == _key("recommendations", None) == ("user_id", "rank")
    # a working store says there where columns come from: its tables have their keys all the same
    assert _key("recommendations", '{"user_id": []}') == ("user_id", "rank")
    assert _key("recommendations", "no key is stated here") == ()
    assert [
        _key(name, table_comment(Table("live", name), contract_of(name))) for name in known_tables()
    ] == [tuple(key_of(contract_of(name))) for name in known_tables()]

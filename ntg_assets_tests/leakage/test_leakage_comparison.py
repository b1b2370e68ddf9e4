"""How tables are compared, and how a verdict is kept and told."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.evaluation.gate.leakage_rules import nothing_from_the_future
from ntg_assets.evaluation.leakage import verdict_on_code, verdicts
from ntg_assets.evaluation.leakage.comparison import differences, moved_columns
from ntg_assets.evaluation.leakage.findings import (
    AUDIT_TYPES,
    CAN_BE_MADE,
    END,
    unaudited,
)
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.verdicts import fingerprint, keep_verdict, known_verdict

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def settings() -> Settings:
    return rehearsal_settings(load_settings(ROOT / "configs" / "dev.yaml", home=ROOT))


@pytest.mark.parametrize(
    ("again", "found"),
    [
        ({"k": [1, 2], "v": [0.5, None]}, []),
        ({"k": [2, 1], "v": [None, 0.5]}, []),
        ({"k": [1, 2], "v": [0.5, 0.0]}, [("v", 1)]),
        ({"k": [1, 2], "v": [0.5000000000000001, None]}, [("v", 1)]),
        ({"k": [1, 3], "v": [0.5, None]}, [("rows", 2)]),
        ({"k": [1], "v": [0.5]}, [("rows", 1)]),
    ],
)
def test_tables_are_compared_by_key_to_the_last_bit(
    again: dict[str, list[Any]], found: list[tuple[str, int]]
) -> None:
    made = pl.DataFrame({"k": [1, 2], "v": [0.5, None]})
    other = pl.DataFrame(again, schema=made.schema)
    assert [one[:2] for one in differences(made, other, key=["k"])] == found


@pytest.mark.parametrize("column", ["k", "v"])
def test_a_column_of_another_type_is_another_one(column: str) -> None:
    made = pl.DataFrame({"k": [1, 2], "v": [3, 4]})
    narrow, text = made.cast({column: pl.Int32}), made.cast({column: pl.String})
    assert made.equals(narrow)  # to the library
    (found,) = differences(made, narrow, key=["k"])
    assert found == (column, 2, "made Int64, again Int32")
    assert [one.column for one in differences(made, text, key=["k"])] == [column]


def test_tables_without_a_key_are_compared_as_sets_and_moves_are_of_values() -> None:
    made = pl.DataFrame({"a": [1, 1, 2], "b": ["x", "y", "z"]})
    assert differences(made, made.reverse(), key=[]) == []
    (found,) = differences(made, made.with_columns(b=pl.lit("x")), key=[])
    assert (found.column, found.n_rows) == ("b", 2)
    assert moved_columns(made, made.with_columns(a=pl.col("a") + 1)) == {"a"}


def test_a_fingerprint_is_of_code_and_modelling(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = fingerprint(settings)
    elsewhere = settings.model_copy(update={"workspace": "elsewhere", "experiments": None})
    assert fingerprint(elsewhere) == name
    churn = settings.churn.model_copy(update={"regularisation": 0.2})
    assert fingerprint(settings.model_copy(update={"churn": churn})) != name
    monkeypatch.setattr(verdicts, "code_fingerprint", lambda: "other code")
    assert fingerprint(settings) != name


def test_a_verdict_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = load_settings(ROOT / "configs" / "dev.yaml", home=ROOT, overrides={"seed": 5})
    found: list[Settings] = []

    def find(asked: Settings) -> pl.DataFrame:
        found.append(asked)
        return pl.DataFrame([("t", END, 3, 0, None)], schema=AUDIT_TYPES, orient="row")

    monkeypatch.setattr(verdict_on_code, "find_verdict", find)
    said: list[str] = []
    for _ in range(2):
        rows = verdict_on_code.remade(one, workspace=tmp_path, tell=said.append)
        assert rows.rows() == [("t", END, 3, 0, None)]
    assert (len(found), len(said)) == (1, 1)
    gate = one.gate.model_copy(update={"remaking": False})
    other = one.model_copy(update={"seed": 6, "gate": gate})
    (row,) = verdict_on_code.remade(other, workspace=tmp_path, tell=said.append).rows()
    assert row[1:4] == (CAN_BE_MADE, 0, 0)
    assert "gate.remaking is off" in row[4]


def test_verdicts_of_several_fingerprints_stand_side_by_side(tmp_path: Path) -> None:
    file = tmp_path / verdicts.FOLDER / "a.json"
    rows = pl.DataFrame([("t", END, 3, 0, "é")], schema=AUDIT_TYPES, orient="row")
    keep_verdict("a", rows, file=file)
    keep_verdict("b", unaudited("not audited: x"), file=file)
    assert set(json.loads(file.read_text())) == {"a", "b"}
    known = known_verdict("a", workspace=tmp_path)
    assert known is not None
    assert known.equals(rows)
    assert known_verdict("c", workspace=tmp_path) is None


def test_the_gate_tells_what_differs_and_what_was_not_audited() -> None:
    def decided(*rows: tuple[str, str, int, int, str | None]) -> Any:
        return nothing_from_the_future(pl.DataFrame(rows, schema=AUDIT_TYPES, orient="row"))

    dated = ("train_events", "no event at or after the cutoff", 9, 0, None)
    clean, leak = ("t", END, 3, 0, None), ("t", END, 3, 2, "t.x differs in 2 rows")
    partly = ("u", END, 3, 0, "not audited, for another past does not move it: a, b, c")
    assert "2 tables of a planted world" in decided(dated, clean, partly).evidence
    assert "(3 columns not audited" in decided(dated, clean, partly).evidence
    assert decided(dated, clean).verdict == "pass"
    assert "1 tables of a planted world are the same" in decided(dated, clean).evidence
    assert decided(dated, leak).verdict == "block"
    assert "(first: t.x differs in 2 rows)" in decided(dated, leak).evidence
    missing = decided(dated, unaudited("not audited: no log").row(0))
    assert (missing.verdict, missing.evidence.endswith("not audited: no log")) == ("warn", True)

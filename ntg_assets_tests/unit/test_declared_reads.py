"""An asset or a check reads what its parameters name, and nothing else, whichever way it tries."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from ntg_assets.configuration.settings import load_settings
from ntg_assets.contracts import Contract, column, contract
from ntg_assets.declared_reads import Declared, only, require_declared, require_files
from ntg_assets.errors import UnboundTableError, UndeclaredReadError
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.decorated import Step
from ntg_assets.orchestration.io_manager import NtgDuckDBIOManager
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.rehearsing.rehearsal import rehearse
from ntg_assets.orchestration.source_steps import source_step
from ntg_assets.orchestration.staging import staged_asset
from ntg_assets.sql import Query, Stream, Table
from ntg_assets.stages import BACKTEST
from ntg_assets.storage.connection import connect
from ntg_assets.storage.run import run

HELD_OUT = Table(BACKTEST, "reads_held_out")
NOT_ISSUED = (
    r"reads backtest.reads_held_out, which it was not issued \(issued: backtest.reads_known\)"
)
UNBOUND = "names backtest.reads_held_out, which nothing is bound to"


@contract("reads_known")
class ReadsKnown(Contract):
    """One row per thing."""

    n: int = column("How many")


@contract("reads_held_out")
class ReadsHeldOut(ReadsKnown):
    """One row per thing."""


@contract("reads_made")
class ReadsMade(ReadsKnown):
    """One row per thing."""


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NTG_WORKSPACE", str(tmp_path))
    return tmp_path


@source_step(
    {ReadsKnown: "polars", ReadsHeldOut: "polars"},
    group="ingest",
    files=("nothing: it is made here",),
    stages={ReadsKnown: BACKTEST, ReadsHeldOut: BACKTEST},
)
def read_both(project: Project) -> Iterator[dg.Output[object]]:
    yield dg.Output(pl.DataFrame({"n": [1]}), "reads_known")
    assert project.paths.workspace.exists()
    yield dg.Output(pl.DataFrame({"n": [2]}), "reads_held_out")


def made_by(
    body: Callable[[Table, Project], Any], **options: Any
) -> tuple[dg.ExecuteInProcessResult, str]:
    """Make a table from one other while a third lies in the store; return what went wrong."""

    @staged_asset(contract=ReadsMade, group="taste", stages=(BACKTEST,), **options)
    def reads_made(reads_known: Table, project: Project) -> Any:
        return body(reads_known, project)

    return outcome([read_both, *reads_made])


def outcome(assets: list[Any]) -> tuple[dg.ExecuteInProcessResult, str]:
    project = Project(config_file="configs/dev.yaml")
    result = dg.materialize(
        assets,
        resources={
            "project": project,
            "io_manager": NtgDuckDBIOManager(project=project, database="unused"),
        },
        raise_on_error=False,
        instance=dg.DagsterInstance.ephemeral(),
    )
    steps = [event for event in result.all_events if event.is_step_failure]
    errors = [step.step_failure_data.error for step in steps]
    return result, " ".join(str(error.cause or error) for error in errors if error)


@pytest.mark.slow
def test_what_is_declared_is_read() -> None:
    def body(known: Table, project: Project) -> Query:
        assert project.columns(known, "n")["n"].to_list() == [1]
        nested = Query("select n from known", {"known": known})
        text = (
            "with t as (select a.n from inside as a inner join inside b on a.n = b.n)"
            " select n + $more as n from t as later"
        )
        return Query(text, {"inside": nested}, {"more": 1})

    result, told = made_by(body)
    assert (result.success, told) == (True, "")


def later(project: Project) -> Iterator[pl.DataFrame]:
    yield project.columns(HELD_OUT, "n")


def asked(text: str, **tables: Any) -> Query:
    return Query(text, tables)


PEEK = "select n from backtest.reads_held_out"
HIDDEN_PEEK = f"with a as (select n from known where n in ({PEEK})) select n from a"
NO_FILES = ", and declares no files"
ATTEMPTS: dict[str, tuple[Callable[[Table, Project], Any], str]] = {
    "columns": (lambda _, project: project.columns(HELD_OUT, "n"), NOT_ISSUED),
    "query": (lambda _, project: project.read(asked("select n from t", t=HELD_OUT)), NOT_ISSUED),
    "name-past-bindings": (
        lambda known, project: project.read(asked("select n from reads_held_out", t=known)),
        "names reads_held_out, which nothing is bound to",
    ),
    "schema-past-bindings": (lambda _, project: project.read(asked(PEEK)), UNBOUND),
    "schema-in-a-subquery": (
        lambda known, project: project.read(asked(HIDDEN_PEEK, known=known)),
        UNBOUND,
    ),
    "returned": (lambda _, __: asked("select n from t", t=HELD_OUT), NOT_ISSUED),
    "returned-nested": (
        lambda _, __: asked("select n from t", t=asked("select n from u", u=HELD_OUT)),
        NOT_ISSUED,
    ),
    "returned-schema": (lambda _, __: asked(PEEK), UNBOUND),
    "returned-nested-schema": (lambda _, __: asked("select n from t", t=asked(PEEK)), UNBOUND),
    "stream": (lambda _, project: Stream(later(project)), NOT_ISSUED),
    "file-function": (
        lambda _, __: asked("select n from read_parquet('x.parquet')"),
        r"reads files itself \(read_parquet\)",
    ),
    "file-name": (
        lambda _, __: asked("select n from 'x.parquet'"),
        "names x.parquet, which nothing is bound to",
    ),
    "warehouse": (
        lambda _, project: project.warehouse().__enter__(),
        "opens the warehouse itself",
    ),
    "folders": (
        lambda _, project: project.paths.workspace,
        f"opens the folders of the project{NO_FILES}",
    ),
    "another-store": (
        lambda _, __: connect(Path("other.duckdb")).__enter__(),
        f"opens other.duckdb{NO_FILES}",
    ),
    "a-folder-in-memory": (
        lambda _, __: connect(allowed=[Path("/")]).__enter__(),
        f"opens :memory:{NO_FILES}",
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_what_is_not_declared_is_refused(attempt: str) -> None:
    body, refused = ATTEMPTS[attempt]
    result, told = made_by(body)
    assert not result.success
    assert re.search(refused, told), told


def test_a_variable_of_the_asker_is_no_table() -> None:
    hidden = pl.DataFrame({"n": [7]})

    def body(_: Table, __: Project) -> pl.DataFrame:
        assert hidden.height
        return run(Query("select n from hidden"))

    assert "names hidden, which nothing is bound to" in made_by(body)[1]


def test_files_that_are_declared_are_read_and_shown(workspace: Path) -> None:
    def body(_: Table, project: Project) -> pl.DataFrame:
        assert project.paths.workspace == workspace
        return pl.DataFrame({"n": [3]})

    assert made_by(body, files=("data/history/loads",))[0].success
    spec = next(spec for spec in read_both.specs if spec.key.path[-1] == "reads_known")
    assert spec.metadata["ntg/files"] == ["nothing: it is made here"]


def test_a_check_reads_what_its_parameters_name() -> None:
    @staged_check("reads_known", stages=(BACKTEST,))
    def peeks(reads_known: Table, project: Project) -> dg.AssetCheckResult:
        assert project.columns(reads_known, "n").height == 1
        return dg.AssetCheckResult(passed=project.columns(HELD_OUT, "n").is_empty())

    assert (
        "backtest/reads_known: peeks reads backtest.reads_held_out"
        in outcome([read_both, *peeks])[1]
    )


def test_a_rehearsal_holds_an_asset_to_what_it_declares() -> None:
    def returns(rows: Query) -> Step:
        reads = {"reads_known": dg.AssetKey([BACKTEST, "reads_known"])}
        return Step("live/reads_made", "live", "taste", (ReadsMade,), reads, lambda: rows)

    stored = {Table(BACKTEST, name): pl.DataFrame({"n": [1]}) for name in ("reads_known", "x")}
    settings = load_settings("configs/dev.yaml")
    fine = asked("select n from t", t=Table(BACKTEST, "reads_known"))
    with only(Declared("backtest/audits", frozenset())):  # as the asset does that audits
        (made,) = rehearse([returns(fine)], stored, settings=settings).values()
    assert made["n"].to_list() == [1]
    for peek in (
        asked("select n from backtest.x"),
        asked("select n from t", t=Table(BACKTEST, "x")),
    ):
        with pytest.raises(UndeclaredReadError, match=r"live/reads_made.* backtest\.x"):
            rehearse([returns(peek)], stored, settings=settings)


def test_a_limit_ends_with_the_asset_whatever_happens_in_it() -> None:
    declared = Declared("live/x", frozenset({Table("live", "t")}))
    with pytest.raises(UndeclaredReadError), only(declared):
        require_declared(Query("select n from t", {"t": HELD_OUT}))
    require_declared(HELD_OUT)  # outside of any asset nothing is limited
    require_files("anything")
    with only(declared):
        require_declared(
            Query("select n from a, b", {"a": Table("live", "t"), "b": pl.DataFrame()})
        )


@pytest.mark.parametrize(
    "clock",
    [
        "now()",
        "current_date",
        "Current_Timestamp",
        "today ()",
        "'now'::date",
        "cast('now' as date)",
    ],
)
def test_a_query_of_an_asset_does_not_ask_the_clock(clock: str) -> None:
    declared = Declared("reads", frozenset())
    asks = Query("select n from t", {"t": Query(f"select {clock} as n")})
    with pytest.raises(UndeclaredReadError, match="asks the clock"), only(declared):
        require_declared(asks)
    require_declared(asks)  # outside of any asset
    named = "select known_now, current_dates, now_at from t -- now()"
    with only(declared):
        require_declared(Query(named, {"t": pl.DataFrame()}))


def test_a_text_that_was_let_through_is_refused_where_it_is_bound_to_less() -> None:
    rows, text = pl.DataFrame({"n": [1]}), "select a.n from rows_a as a cross join rows_b as b"
    both = {"rows_a": rows, "rows_b": rows}
    with only(Declared("reads", frozenset())):
        assert run(Query(text, both)).rows() == run(Query(text, both)).rows() == [(1,)]
        with pytest.raises(UnboundTableError, match="names rows_b, which nothing is bound to"):
            run(Query(text, {"rows_a": rows, "others": rows}))

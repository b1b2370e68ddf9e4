"""Whatever answers a question answers programs, too; what holds for all commands is listed."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.main import get_command
from typer.testing import CliRunner

from ntg_assets.cli.app import app
from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.leakage import audit_leakage
from ntg_assets.configuration.settings import load_settings, project_paths
from ntg_assets.errors import LeakageError
from ntg_assets.evaluation.leakage.findings import AUDIT_TYPES, END

# they make something, or stay until they are stopped: what they print is for the person who waits
MAKE = {
    "init",
    "run-all",
    "fetch",
    "build-dataset",
    "build-features",
    "build-graph",
    "rank",
    "score-users",
    "synth",
    "serve",
    "ui",
}


def commands() -> dict[str, list[str]]:
    """Options of every command, those of groups by both words."""
    found: dict[str, list[str]] = {}

    def collect(command: object, name: str) -> None:
        below = getattr(command, "commands", None)
        if below is None:
            found[name] = [one for each in command.params for one in each.opts]  # type: ignore[attr-defined]
        for word, one in (below or {}).items():
            collect(one, f"{name} {word}".strip())

    collect(get_command(app), "")
    return found


@pytest.mark.parametrize("command", sorted(set(commands()) - MAKE))
def test_command_that_answers_has_json(command: str) -> None:
    assert "--json" in commands()[command]


def test_only_known_commands_answer_nothing() -> None:
    assert set(commands()) >= MAKE


def test_help_lists_what_holds_for_every_command() -> None:
    told = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output
    for option in ("--version", "--debug", "--install-completion"):
        assert option in told
    assert "what to show, who is about to leave" in " ".join(told.replace("│", " ").split())


def test_version_is_that_of_the_package() -> None:
    done = CliRunner().invoke(app, ["--version"])
    assert (done.exit_code, done.output) == (0, f"ntg {version('ntg-assets')}\n")


def test_answer_is_plain_json(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Told:
        on: date
        price: Decimal
        share: float
        file: Path
        rows: list[tuple[int, str]]

    print_json(Told(date(2024, 1, 2), Decimal("1.50"), float("nan"), Path("a/b"), [(1, "é")]))
    assert json.loads(capsys.readouterr().out) == {
        "on": "2024-01-02",
        "price": "1.50",
        "share": None,
        "file": "a/b",
        "rows": [[1, "é"]],
    }


def test_a_leak_is_told_to_programs_and_refused_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"table_name": "backtest.churn_scores", "rule": END, "n_rows": 9, "n_violations": 2}
    verdict = pl.DataFrame([{**row, "detail": "2 rows differ"}], schema=AUDIT_TYPES)
    monkeypatch.setattr(audit_leakage, "remade", lambda *_, **__: verdict)
    monkeypatch.setattr(audit_leakage, "fingerprint", lambda _: "abc")
    settings = load_settings()
    with pytest.raises(LeakageError, match="1 of 1 tables differ"):
        audit_leakage.render_verdict(settings, project_paths(settings), Console(), in_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "fingerprint": "abc",
        "comparisons": [{**row, "detail": "2 rows differ"}],
    }


def test_json_of_an_audit_goes_with_no_other_work() -> None:
    done = CliRunner().invoke(app, ["audit-leakage", "--check", "--json"])
    assert done.exit_code == 2
    assert "goes with no other option" in done.output

"""Commands load only what they need, so that help, completion and small answers come at once."""

import subprocess
import sys

import pytest

from ntg_assets_tests.workspaces import HOME

HEAVY = (
    *("dagster", "duckdb", "matplotlib", "numba", "pandas", "pandera"),
    *("polars", "pyarrow", "scipy", "sklearn", "tea_tasting"),
)


def loaded_by(statement: str) -> set[str]:
    """Packages that a fresh process has loaded after a statement."""
    script = f"import sys\n{statement}\nprint(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=HOME, capture_output=True, text=True, check=True
    )
    return {*done.stdout.split()}


def test_help_and_completion_load_no_library_of_the_computation() -> None:
    loaded = loaded_by("import ntg_assets.cli.app")
    assert [name for name in (*HEAVY, "ntg_assets.configuration.settings") if name in loaded] == []


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import ntg_assets.configuration.settings", {"scipy"}),
        (
            "import ntg_assets.publish.verify, ntg_assets.publish.generations.shelf",
            {"scipy"},
        ),
        ("import ntg_assets.cli.publications.differences", {"scipy", "duckdb"}),
        ("import ntg_assets.cli.experiments.plan_in_words", {"scipy"}),
        ("import ntg_assets.cli.experiments.trace", {"scipy", "duckdb", "polars"}),
        ("import ntg_assets.serving.explain_axis", {"scipy", "duckdb", "polars"}),
    ],
)
def test_answers_load_neither_dagster_nor_what_they_do_not_ask(
    statement: str, allowed: set[str]
) -> None:
    loaded = loaded_by(statement)
    assert [name for name in HEAVY if name in loaded and name not in allowed] == []
    # `scipy` itself loads its parts when they are first used
    assert [part for part in ("stats", "special", "optimize") if f"scipy.{part}" in loaded] == []


def test_the_processor_is_named_as_where_all_of_scipy_is_loaded() -> None:
    statement = """
from ntg_assets.statistics.processor import processor
before = processor()
assert "scipy.linalg" not in sys.modules
import scipy.linalg
assert processor() == before
"""
    assert "scipy.linalg" in loaded_by(statement)

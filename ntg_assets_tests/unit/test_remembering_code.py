"""What a step's result may depend on is found from the sources: nothing that it loads is left
out.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from ntg_assets.modules import ROOT, module_name
from ntg_assets.orchestration.remembering import code

PACKAGE = {
    "__init__.py": "",
    "lists/__init__.py": "",
    "lists/assets.py": "from ntg_assets.lists.scores import (\n    score,\n)\n",
    "lists/scores.py": "def score():\n    from ntg_assets.far import helper\n    helper.x()\n",
    "lists/scores.sql": "select 1",
    "lists/page.j2": "<p>",
    "far/__init__.py": "y = 1\n",
    "far/helper.py": 'from ntg_assets.sql import query\nx = query("past.days", "user_days", {})\n',
    "past/days/user_days.sql": "select 2",
    "kinds/__init__.py": "",
    "kinds/mean.py": "",
    "registry.py": 'modules_named("kinds/*.py")\n',
    "other/__init__.py": "",
    "other/alone.py": "z = 3\n",
    "sql.py": "from ntg_assets import registry\n",
}
REACHED = sorted(set(PACKAGE) - {"other/__init__.py", "other/alone.py"})


def clear() -> None:
    for member in vars(code).values():
        if hasattr(member, "cache_clear"):
            member.cache_clear()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of a few modules in place of NTG."""
    root = tmp_path / "ntg_assets"
    for name, text in PACKAGE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(code, "ROOT", root)
    monkeypatch.setattr("ntg_assets.modules.ROOT", root)
    clear()
    yield root
    clear()


def test_everything_that_is_loaded_is_found(package: Path) -> None:
    assert package.is_dir()
    assert sorted(code.code_of("ntg_assets.lists.assets")) == REACHED


@pytest.mark.parametrize("changed", sorted(PACKAGE))
def test_an_edit_is_seen_where_it_is_reached_and_nowhere_else(package: Path, changed: str) -> None:
    before = code.code_of("ntg_assets.lists.assets")
    with (package / changed).open("a") as file:
        file.write("\n# edited")
    clear()
    after = code.code_of("ntg_assets.lists.assets")
    differing = [name for name in after if after[name] != before[name]]
    assert differing == ([changed] if changed in REACHED else [])


def test_a_new_query_beside_a_module_is_seen(package: Path) -> None:
    before = code.code_of("ntg_assets.lists.assets")
    (package / "lists" / "more.sql").write_text("select 3")
    clear()
    assert code.code_of("ntg_assets.lists.assets").keys() - before.keys() == {"lists/more.sql"}


def test_a_file_that_is_newer_than_the_process_is_named() -> None:
    known = code.code_of("ntg_assets.taste.assets")
    assert code.changed_since_start({"taste/taste_graph.py": known["taste/taste_graph.py"]}) == []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(code, "STARTED_AT", 0.0)
        assert code.changed_since_start(known) == list(known)


@cache
def trees() -> dict[str, ast.Module]:
    return {
        module_name(file): ast.parse(file.read_text(encoding="utf-8"))
        for file in ROOT.rglob("*.py")
    }


def imports_of(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "NTG imports by whole names"
            names |= {str(node.module), *(f"{node.module}.{one.name}" for one in node.names)}
    return names


@pytest.mark.slow
def test_the_sources_are_read_as_the_language_reads_them() -> None:
    for name, tree in trees().items():
        assert imports_of(tree) & trees().keys() <= code.imported(name), name


@pytest.mark.slow
def test_every_query_is_named_where_it_is_made() -> None:
    """A package that is put together while it runs would not be found."""
    loose = []
    for name, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                named = [one.value for one in node.keywords if one.arg == "package"]
                named += node.args[:1] if node.func.id in {"query", "read_sql"} else []
                if not all(isinstance(one, ast.Constant) for one in named):
                    loose.append(name)
    # the two that hand on what their callers name
    assert sorted(loose) == ["ntg_assets.sources.reading.typed_rows", "ntg_assets.sql"]


def test_a_step_does_not_depend_on_what_it_never_reaches() -> None:
    """Commands and the list of all assets change no table: all would be made anew with them."""
    reached = set(code.code_of("ntg_assets.splits.assets"))
    assert "orchestration/undeclared/opened_files.py" in reached
    assert not reached & {"cli/app.py", "definitions.py", "orchestration/collection.py"}

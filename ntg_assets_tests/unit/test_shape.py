"""What the measure of the code's shape counts, and what it leaves to types and contracts."""

import ast
from pathlib import Path

import pytest

from tools.shape import (
    Figure,
    body_lines,
    described_types,
    lengths,
    main,
    needs_args,
    public_functions,
)

TYPES = '''
Alternative = Literal["greater", "less"]
Config = Annotated[str, "its help"]

class Sample:
    """One arm."""

class Bare:
    pass
'''


def asks(code: str) -> list[str]:
    tree = ast.parse(code)
    described = described_types([ast.parse(TYPES)])
    return [each.name for each in public_functions(tree) if needs_args(each, described)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("n: int, mean: float, rows: pl.DataFrame", ["compare"]),
        ("n: int, mean: float, is_paired: bool", []),
        ("n: int, mean: float, arm: Sample", []),
        ("n: int, mean: float, arm: Sample | None", []),
        ("n: int, mean: float, arm: Bare", ["compare"]),
        ("n: int, mean: float, arms: Sequence[Sample]", ["compare"]),
        ("n: int, mean: float, side: Alternative, config: Config", []),
        ("n: int, *, mean: float, rng: np.random.Generator, out", ["compare"]),
    ],
)
def test_an_argument_is_obvious_where_its_type_says_what_it_is(
    arguments: str, expected: list[str]
) -> None:
    assert asks(f"def compare({arguments}): ...") == expected


def test_assets_and_what_nobody_else_calls_are_not_asked() -> None:
    many = "a: int, b: int, c: int"
    assert asks(f"@staged_asset(contract=C)\ndef table({many}): ...") == []
    assert asks(f"def _inner({many}): ...") == []
    assert asks(f"def outer():\n    def inner({many}): ...") == []
    assert asks(f"class _Own:\n    def of({many}): ...") == []
    assert asks(f"class Own:\n    def of(self, {many}): ...") == ["of"]


def test_the_lines_of_a_body_are_those_that_hold_anything_but_its_docstring() -> None:
    text = 'def f():\n    """Say."""\n    a = 1\n\n    # why\n    return a\n'
    function = ast.parse(text).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert body_lines(function, text.splitlines()) == 3


def test_two_bodies_of_one_name_in_one_file_are_two(tmp_path: Path) -> None:
    long = "".join(f"        x = {n}\n" for n in range(41))
    (tmp_path / "a.py").write_text(
        f"class A:\n    def of(self):\n{long}\n\nclass B:\n    def of(self):\n        return 1\n"
    )
    (over,) = (figure for figure in lengths(tmp_path) if figure.name == "bodies over 40 lines")
    assert over.worst == ("a.py:of:2 41",)


@pytest.mark.parametrize("n_files", [15, 16])
def test_a_goal_that_is_missed_fails_and_names_who_misses_it(
    n_files: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    is_met = n_files <= 15
    files = Figure("files", n_files, "<= 15", is_met=is_met, worst=("a.py 300",))
    met = Figure("circles", 0, "0", is_met=True)
    monkeypatch.setattr("tools.shape.measure", lambda _: [files, met])
    assert main() == (0 if is_met else 1)
    assert ("a.py 300" in capsys.readouterr().out) is not is_met

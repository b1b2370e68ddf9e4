"""What is tracked: nothing of one machine, no address of a package index,
no pickles, nothing large.
"""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LARGE = 5_000_000  # bytes; the bundled ratings are half of that


@cache
def tracked() -> tuple[Path, ...]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return tuple(
        ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()
    )


@cache
def texts() -> dict[str, str]:
    own = [
        path
        for path in tracked()
        if path.suffix not in {".lock", ".csv", ".parquet", ".png"} and path.stat().st_size < LARGE
    ]
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in own}


def lines_with(pattern: str, *, inside: str = "") -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts().items()
        if name.endswith(inside)
        for number, line in enumerate(text.splitlines(), start=1)
        if wanted.search(line)
    ]


def test_no_path_of_one_machine_is_tracked() -> None:
    assert lines_with(r"(^|[^.\w])/(wor[k]|far[m]|roo[t]|hom[e]|User[s])/[\w.]") == []


def test_no_address_of_a_package_index_is_tracked() -> None:
    assert lines_with(r"pyp[i]\.org|pythonhoste[d]|npmj[s]\.|debia[n]\.org|anacond[a]\.") == []


def test_nothing_is_pickled() -> None:
    assert lines_with(r"^\s*(import|from) (pickl[e]|joblib|cloudpickle|dill)\b", inside=".py") == []
    assert [path.name for path in tracked() if path.suffix in {".pkl", ".pickle", ".joblib"}] == []


def test_nothing_is_left_to_do_later() -> None:
    assert lines_with(r"\b(TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r])\b", inside=".py") == []


def test_no_tracked_file_is_large() -> None:
    assert [path.name for path in tracked() if path.stat().st_size > LARGE] == []


def test_generated_folders_are_ignored() -> None:
    # the first ones are links once something is published: git looks at their names alone
    for path in (
        "outputs",
        "reports",
        "data/published",
        "data/features",
        "data/current",
        "data/generations",
        "data/history",
        "data/warehouse/file",
        "data/dagster/file",
        "data/landing/file",
    ):
        ignored = subprocess.run(["git", "check-ignore", "-q", path], cwd=ROOT, check=False)
        assert ignored.returncode == 0, path


@pytest.mark.parametrize("link", ["outputs", "reports"])
def test_links_to_generated_folders_are_ignored(link: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text((ROOT / ".gitignore").read_text())
    (tmp_path / link).symlink_to("data/current")
    found = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == ["??", ".gitignore"]

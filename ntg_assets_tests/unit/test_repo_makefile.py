"""The Makefile: every target explains itself, nothing is installed twice,
a missing Python is told in one sentence.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS = sorted(
    {
        name
        for line in re.findall(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
        for name in line.split()
    }
)
WRITTEN = 1_700_000_000  # any moment in the past (s)


def make(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-peers.lock")


def copy_of_project(folder: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, folder / name)
    return folder


def installed(folder: Path, *stamps: str) -> Path:
    """Pretend that things were installed in this order, after the sources were written."""
    (folder / ".venv").mkdir()
    for source in folder.iterdir():
        os.utime(source, (WRITTEN, WRITTEN))
    for order, stamp in enumerate(stamps, start=1):
        (folder / ".venv" / stamp).touch()
        os.utime(folder / ".venv" / stamp, (WRITTEN + order, WRITTEN + order))
    return folder


def test_help_is_the_default_and_names_every_target() -> None:
    shown = make().stdout
    assert shown == make("help").stdout
    assert [
        target for target in TARGETS if not re.search(rf"^  make {target} ", shown, re.MULTILINE)
    ] == []


@pytest.mark.parametrize(
    "target", ["run", "ui", "test", "check", "lock", "clean", "bench", "synth", "journey", "golden"]
)
def test_what_the_project_promises_is_there(target: str) -> None:
    assert target in TARGETS


def test_every_benchmark_has_a_target_and_a_module() -> None:
    names = re.search(r"^BENCHMARKS := (.+)$", MAKEFILE, re.MULTILINE)
    assert names
    for name in names.group(1).split():
        assert f"bench-{name}" in TARGETS
        assert (ROOT / "benchmarks" / f"{name}.py").is_file()


def test_a_missing_python_is_told_in_one_sentence(tmp_path: Path) -> None:
    failed = make("run", "PYTHON=python3.11-that-is-not-there", folder=copy_of_project(tmp_path))
    assert failed.returncode != 0
    assert failed.stderr.splitlines()[0].startswith(
        "NTG needs Python 3.11, and 'python3.11-that-is-not-there' is not it: install it"
    )
    assert not (tmp_path / ".venv").exists()


def test_a_second_call_installs_nothing(tmp_path: Path) -> None:
    installed(
        copy_of_project(tmp_path),
        ".created",
        ".runtime-lock",
        ".dev-lock",
        ".run-ready",
        ".dev-ready",
    )
    for target in ("run", "test"):
        assert "pip" not in make("--dry-run", target, folder=tmp_path).stdout


def test_tests_run_in_two_processes_or_in_one(tmp_path: Path) -> None:
    installed(
        copy_of_project(tmp_path),
        ".created",
        ".runtime-lock",
        ".dev-lock",
        ".run-ready",
        ".dev-ready",
    )
    assert "pytest -n 2 --dist loadfile" in make("--dry-run", "test", folder=tmp_path).stdout
    assert (
        "pytest -n 0 --dist loadfile --no-loadscope-reorder -x"
        in make("--dry-run", "test", "WORKERS=0", "ARGS=-x", folder=tmp_path).stdout
    )


def test_what_tests_need_is_enough_to_run(tmp_path: Path) -> None:
    installed(
        copy_of_project(tmp_path),
        ".created",
        ".runtime-lock",
        ".dev-lock",
        ".run-ready",
        ".dev-ready",
    )
    (tmp_path / ".venv" / ".dev-lock").unlink()
    assert "pip" not in make("--dry-run", "run", folder=tmp_path).stdout
    assert "-r requirements-dev.lock" in make("--dry-run", "test", folder=tmp_path).stdout


def test_only_benchmarks_install_what_they_compare_with(tmp_path: Path) -> None:
    copy_of_project(tmp_path)
    assert "requirements-peers.lock" not in make("--dry-run", "test", folder=tmp_path).stdout
    assert "-r requirements-peers.lock" in make("--dry-run", "bench-run", folder=tmp_path).stdout


@pytest.mark.parametrize(
    ("changed", "reinstalled"),
    [("requirements.lock", "-r requirements.lock"), ("pyproject.toml", "-e .")],
)
def test_a_changed_source_installs_again(tmp_path: Path, changed: str, reinstalled: str) -> None:
    installed(copy_of_project(tmp_path), ".created", ".runtime-lock", ".run-ready")
    os.utime(tmp_path / changed, (WRITTEN + 60, WRITTEN + 60))
    assert reinstalled in make("--dry-run", "run", folder=tmp_path).stdout


def test_installing_is_held_against_hashes() -> None:
    installs = [
        line for line in MAKEFILE.splitlines() if "install" in line and "-r requirements" in line
    ]
    assert installs
    assert all("--require-hashes" in line for line in installs)


def test_the_readme_promises_only_targets_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = {
        name
        for quoted in re.findall(r"`make ([a-z-]+)[^`]*`|^make ([a-z-]+)", readme, re.MULTILINE)
        for name in quoted
        if name
    }
    assert {"run", "test", "ui", "help"} <= named <= set(TARGETS)

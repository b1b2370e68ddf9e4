"""The wheel alone, in a fresh environment and an empty folder, makes a publication from somebody's
file (`make test-wheel`: a minute and a half, so not part of `make test`).
"""

import os
import random
import subprocess
import sys
import sysconfig
import venv
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    "TEST_WHEEL" not in os.environ, reason="builds and installs: run it with `make test-wheel`"
)


def written_log(path: Path) -> None:
    """Write a German log of three months: windows-1252, semicolons, decimal commas."""
    chance = random.Random(5)  # noqa: S311  # test data
    start = datetime(2024, 1, 1)
    lines = ["Kundennummer;Artikel;Datum;Betrag"]
    for user in range(60):
        for _ in range(chance.randrange(5, 40)):
            at = start + timedelta(minutes=chance.randrange(90 * 24 * 60))
            lines.append(
                f"k{user:03};Sendung für {chance.randrange(25)};{at:%d.%m.%Y %H:%M};"
                f"{chance.randrange(1, 90)},50"
            )
    path.write_bytes("\r\n".join(lines).encode("cp1252"))


def run(*command: str | Path, home: Path) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NTG_", "PYTHON", "DAGSTER"))
    }
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_takes_a_log_from_init_to_publication(tmp_path: Path, project_home: Path) -> None:
    made, home, fresh = tmp_path / "made", tmp_path / "empty", tmp_path / "env"
    home.mkdir()
    build = ("-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation")
    run(sys.executable, *build, "--wheel-dir", made, project_home, home=tmp_path)
    wheel = next(made.glob("ntg_assets-*.whl"))
    assert "ntg_assets/configuration/base.yaml" in zipfile.ZipFile(wheel).namelist()
    venv.create(fresh, with_pip=True)
    python = fresh / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, home=home)
    # what it depends on is taken from here: installing that is not what is asked
    site = Path(
        run(python, "-c", "import site; print(site.getsitepackages()[0])", home=home).strip()
    )
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    where = run(python, "-c", "import ntg_assets; print(ntg_assets.__file__)", home=home)
    assert Path(where.strip()).is_relative_to(fresh)

    written_log(home / "abo.csv")
    ntg = fresh / "bin" / "ntg"
    run(ntg, "init", "abo.csv", "--yes", home=home)
    assert "0 quarantined" not in run(ntg, "check", home=home)
    run(ntg, "run-all", home=home)
    assert (home / "reports" / "decision_brief.html").stat().st_size > 0
    run(ntg, "verify", home=home)

"""Workers run the code of whoever asks, also in a process that ran another's before."""

import subprocess
import sys
import zipfile
from pathlib import Path

from ntg_assets.engines.spark import user_block
from ntg_assets.engines.spark.shipped_code import FOLDER, ship_code
from ntg_assets.modules import ROOT

WORKS = """
import importlib.util
import sys
spec = importlib.util.spec_from_file_location("user_block", sys.argv[1])
user_block = importlib.util.module_from_spec(spec)
spec.loader.exec_module(user_block)
for code in sys.argv[2:]:
    print(*user_block.worker(code, "/shared/work", "hash")(iter([])))
"""


def archive_of(file: Path, said: str) -> Path:
    """Write a package whose work says one word, the file of the work and what it was given."""
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ntg_assets/__init__.py", "")
        archive.writestr("ntg_assets/engines/__init__.py", "")
        archive.writestr(
            "ntg_assets/engines/work_file.py",
            f"def read_work(work, sha256): return ({said!r}, [work, sha256])",
        )
        archive.writestr(
            "ntg_assets/engines/user_parts.py",
            "def work_on_users(batches, work, rows, folder): yield from [work, *rows, str(folder)]",
        )
    return file


def test_a_worker_lets_go_of_the_code_of_another_night(tmp_path: Path) -> None:
    archives = [archive_of(tmp_path / f"{word}.zip", word) for word in ("monday", "tuesday")]
    given = [str(user_block.__file__), *map(str, [archives[0], *archives, archives[0]])]
    ran = subprocess.run(  # our own program
        [sys.executable, "-c", WORKS, *given],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"HOME": str(tmp_path)},
    )
    words = ["monday", "monday", "tuesday", "monday"]
    assert ran.stdout.split("\n")[:-1] == [f"{word} /shared/work hash /shared" for word in words]


def test_the_archive_holds_every_module_and_query_and_is_written_once(tmp_path: Path) -> None:
    other = tmp_path / FOLDER / "ntg_assets-of-yesterday.zip"
    other.parent.mkdir()
    other.write_bytes(b"")
    file = ship_code(tmp_path)
    at = file.stat().st_mtime_ns
    assert ship_code(tmp_path) == file
    assert file.stat().st_mtime_ns == at, "compiled code stays good"
    assert list(file.parent.iterdir()) == [file]
    with zipfile.ZipFile(file) as archive:
        files = [file for kind in ("*.py", "*.sql") for file in ROOT.rglob(kind)]
        assert len(archive.namelist()) == len(files)
        for name in ("ntg_assets/engines/user_parts.py", "ntg_assets/events/events.sql"):
            assert archive.read(name) == (ROOT.parent / name).read_bytes()

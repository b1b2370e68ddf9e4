"""The code of this package for workers that have none: an archive in the shared folder, of the
modules and of the SQL that they load.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from ntg_assets.engines.folders import unwatched
from ntg_assets.modules import ROOT

FOLDER = "_code"
HASH_DIGITS = 16
KINDS = ("*.py", "*.sql")
WRITTEN_AT = (1980, 1, 1, 0, 0, 0)  # the archive of equal code has equal bytes


@unwatched
def ship_code(storage: Path) -> Path:
    """Write the modules and the SQL of this package into an archive, named by its hash; one that is
    there already stays, and so does what workers have compiled of it. Others are removed.

    Args:
        storage: Folder that workers see by the same path.
    """
    archive = _archive()
    folder = storage / FOLDER
    file = folder / f"{ROOT.name}-{hashlib.sha256(archive).hexdigest()[:HASH_DIGITS]}.zip"
    if not file.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        begun = folder / f"{uuid4().hex}.part"
        begun.write_bytes(archive)
        begun.replace(file)
    for other in folder.iterdir():
        if other != file:
            other.unlink(missing_ok=True)
    return file


def _archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _modules():
            archive.writestr(zipfile.ZipInfo(name, WRITTEN_AT), text, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _modules() -> Iterator[tuple[str, bytes]]:
    for file in sorted(file for kind in KINDS for file in ROOT.rglob(kind)):
        yield file.relative_to(ROOT.parent).as_posix(), file.read_bytes()

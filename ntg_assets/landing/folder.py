"""What was fetched, on disk: contents by their hash, and one whole folder per fetch.

`data/landing/.contents/<sha256>` holds each content once and is never written again. The folder
`data/landing/<name>/` holds links to the contents of the last *complete* fetch, under the names
that they have at their origin (so `day=2024-01-01/` stays a column), and `<name>.json` beside it
says where each came from. A fetch that fails half way changes neither.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from ntg_assets.errors import StorageError

CONTENTS, MAKING, BEFORE = ".contents", ".making-", ".before-"


@dataclass(frozen=True)
class LandedFile:
    """One fetched file.

    Attributes:
        name: Path below the folder of the fetch.
        origin: Where it came from, without credentials.
        n_bytes: Size.
        sha256: Of its bytes.
        changed_ns: When its origin last changed, as its store says; 0 where it does not.
    """

    name: str
    origin: str
    n_bytes: int
    sha256: str
    changed_ns: int


@dataclass(frozen=True)
class LandingFolder:
    """The folder of one fetch below `data/landing`."""

    root: Path
    name: str

    @property
    def files(self) -> Path:
        return self.root / self.name

    def landed(self) -> list[LandedFile]:
        """Read what the last complete fetch brought; nothing before the first."""
        try:
            text = (self.root / f"{self.name}.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return []
        return [LandedFile(**entry) for entry in json.loads(text)["files"]]

    def holds(self, file: LandedFile) -> bool:
        """Whether a content is here, whole."""
        content = self._content(file.sha256)
        return content.is_file() and content.stat().st_size == file.n_bytes

    def keep(self, chunks: Iterable[bytes]) -> tuple[str, int]:
        """Store a content under its hash.

        Returns:
            SHA-256 and number of bytes.
        """
        contents = self.root / CONTENTS
        contents.mkdir(parents=True, exist_ok=True)
        digest, n_bytes = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=contents, prefix=".", delete=False) as part:
            try:
                for chunk in chunks:
                    digest.update(chunk)
                    n_bytes += len(chunk)
                    part.write(chunk)
                part.flush()
                os.fsync(part.fileno())
            except BaseException:
                Path(part.name).unlink()
                raise
        Path(part.name).chmod(0o444)
        Path(part.name).replace(self._content(digest.hexdigest()))
        return digest.hexdigest(), n_bytes

    def replace(self, files: list[LandedFile]) -> None:
        """Let the folder hold these files and nothing else.

        Raises:
            StorageError: the disk refused.
        """
        making, before = self.root / f"{MAKING}{self.name}", self.root / f"{BEFORE}{self.name}"
        try:
            for left in (making, before):
                shutil.rmtree(left, ignore_errors=True)
            making.mkdir(parents=True)
            for file in files:
                self._link(file, making / file.name)
            if self.files.exists():
                self.files.rename(before)
            making.rename(self.files)
            shutil.rmtree(before, ignore_errors=True)
            self._note(files)
        except OSError as error:
            raise StorageError(f"{self.files}: {error.strerror or error}.") from None

    def _link(self, file: LandedFile, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.hardlink_to(self._content(file.sha256))
        except OSError:  # a file system without links
            shutil.copyfile(self._content(file.sha256), target)

    def _note(self, files: list[LandedFile]) -> None:
        part = self.root / f".{self.name}.json.part"
        part.write_text(
            json.dumps({"files": [asdict(file) for file in files]}, indent=1) + "\n",
            encoding="utf-8",
        )
        part.replace(self.root / f"{self.name}.json")

    def _content(self, sha256: str) -> Path:
        return self.root / CONTENTS / sha256


def drop_unused(root: Path, names: Iterable[str]) -> int:
    """Delete contents that no fetch of the configuration holds any more.

    Returns:
        How many were deleted.
    """
    used = {file.sha256 for name in names for file in LandingFolder(root, name).landed()}
    unused = [content for content in (root / CONTENTS).glob("*") if content.name not in used]
    for content in unused:
        content.unlink()
    return len(unused)

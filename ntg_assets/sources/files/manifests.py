"""What stands beside files to say what they hold: `<file>.sha256`, or the `_MANIFEST.json` of their
folder.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.file_names import name_of

MANIFEST, SHA256 = "_MANIFEST.json", ".sha256"
DIGEST = re.compile(r"\b[0-9a-fA-F]{64}\b")
SHOWN_DIGITS = 12
EXAMPLE = 'Write for example {"files": [{"name": "a.csv", "rows": 3, "sha256": "..."}]}.'


class Stated(NamedTuple):
    """What is said of a file, and where."""

    where: str
    sha256: str | None
    n_rows: int | None


class Manifests:
    """Reads each manifest once."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._known: dict[Path, Mapping[str, Mapping[str, object]] | None] = {}

    def find(self, path: Path, *, name: str, required: bool) -> Stated | None:
        """What is said of a file; none where nothing is.

        Raises:
            SourceError: nothing is said although it is required, or it cannot be read.
        """
        beside = path.with_name(path.name + SHA256)
        if beside.is_file():
            return Stated(name_of(beside, self.home), _digest_in(beside, self.home), None)
        entries = self._entries(path.parent)
        if entries is not None and (said := entries.get(path.name)) is not None:
            return _stated(said, where=name_of(path.parent / MANIFEST, self.home), file=path.name)
        if required:
            where = None if entries is None else f"{MANIFEST} of its folder does not name it"
            raise SourceError(
                f"{name}: `require_manifest` is set, but"
                f" {where or f'there is neither {beside.name} nor {MANIFEST} in its folder'}. Was"
                " its delivery interrupted? Deliver both, or set `require_manifest: false`."
            )
        return None

    def _entries(self, folder: Path) -> Mapping[str, Mapping[str, object]] | None:
        """What the manifest of a folder says, by file name; none where there is none."""
        if folder not in self._known:
            self._known[folder] = _read(folder / MANIFEST, self.home)
        return self._known[folder]


def raise_if_other_content(stated: Stated, *, name: str, sha256: str) -> None:
    """Raise when a file's bytes are not what is said of them."""
    if stated.sha256 is not None and stated.sha256 != sha256:
        raise SourceError(
            f"{name}: its SHA-256 is {sha256[:SHOWN_DIGITS]}..., {stated.where} says"
            f" {stated.sha256[:SHOWN_DIGITS]}.... Was its copy interrupted? Deliver it again."
        )


def _digest_in(path: Path, home: Path) -> str:
    match = DIGEST.search(path.read_text(encoding="utf-8", errors="replace"))
    if match is None:
        raise SourceError(
            f"{name_of(path, home)}: holds no SHA-256 (64 hex digits). Write it with"
            " `sha256sum FILE > FILE.sha256`."
        )
    return match.group().lower()


def _read(path: Path, home: Path) -> Mapping[str, Mapping[str, object]] | None:
    """Entries of a manifest by file name; none where there is none."""
    if not path.is_file():
        return None
    name = name_of(path, home)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise SourceError(f"{name}: is no JSON ({error}). {EXAMPLE}") from None
    listed = content.get("files", content) if isinstance(content, dict) else content
    if isinstance(listed, list):
        return {
            Path(str(entry["name"])).name: entry
            for entry in listed
            if isinstance(entry, dict) and "name" in entry
        }
    if isinstance(listed, dict):
        return {key: entry for key, entry in listed.items() if isinstance(entry, dict)}
    raise SourceError(f"{name}: names no files. {EXAMPLE}")


def _stated(said: Mapping[str, object], *, where: str, file: str) -> Stated:
    sha256, rows = said.get("sha256"), said.get("rows")
    if sha256 is not None and not (isinstance(sha256, str) and DIGEST.fullmatch(sha256)):
        raise SourceError(f"{where}: the sha256 of {file!r} is no SHA-256 (64 hex digits).")
    if rows is not None and not (isinstance(rows, int) and rows >= 0):
        raise SourceError(f"{where}: the rows of {file!r} are no count of rows ({rows!r}).")
    return Stated(where, sha256.lower() if isinstance(sha256, str) else None, rows)

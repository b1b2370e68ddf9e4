"""Hold the published files against their manifest."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ntg_assets.configuration.paths import Paths
from ntg_assets.errors import StorageError
from ntg_assets.publish.files import sha256_of
from ntg_assets.publish.manifest import PublishedFile, read_manifest

SHOWN = 3


class Verified(NamedTuple):
    """A publication that is as its manifest says."""

    generation: str
    n_files: int


def verify_publication(paths: Paths) -> Verified:
    """Compare every published file's size and SHA-256 with the manifest.

    Raises:
        StorageError: a file is missing or differs; the message names the first ones.
    """
    paths = paths.pinned()
    manifest = read_manifest(paths.manifest)
    wrong = [f"{file.path} {fault}" for file in manifest.files if (fault := _fault(paths, file))]
    if wrong:
        raise StorageError(
            f"{len(wrong)} of {len(manifest.files)} published files are not as the manifest says: "
            f"{'; '.join(wrong[:SHOWN])}. Run `ntg run-all` to publish again, or `ntg rollback` to"
            " go back to the generation before."
        )
    return Verified(manifest.generation, len(manifest.files))


def verify_among(paths: Paths, folders: Sequence[str]) -> dict[Path, str]:
    """Compare the published files in some folders of the workspace,
    the store included, with the manifest.

    Returns:
        Their SHA-256 by path.

    Raises:
        StorageError: there is no manifest, or a file is missing or differs; the message names the
            first ones.
    """
    paths = paths.pinned()
    manifest = read_manifest(paths.manifest)
    chosen = [
        file
        for file in manifest.files
        if file.kind == "store" or any(file.path.startswith(f"{folder}/") for folder in folders)
    ]
    if wrong := [f"{file.path} {fault}" for file in chosen if (fault := _fault(paths, file))]:
        raise StorageError(
            f"what is published was changed after it was published: {'; '.join(wrong[:SHOWN])}. Run"
            " `ntg run-all` again."
        )
    return {(paths.published / file.path).resolve(): file.sha256 for file in chosen}


def _fault(paths: Paths, file: PublishedFile) -> str | None:
    path = paths.published / file.path
    if not path.is_file():
        return "is missing"
    if path.stat().st_size != file.n_bytes:
        return f"has {path.stat().st_size} bytes in place of {file.n_bytes}"
    return None if sha256_of(path) == file.sha256 else "holds other bytes of the same length"

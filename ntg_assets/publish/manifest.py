"""The manifest that ends a publication: what was published, how large, with which content."""

import json
from pathlib import Path

from pydantic import BaseModel, ValidationError

from ntg_assets.errors import StorageError
from ntg_assets.publish.files import sha256_of
from ntg_assets.storage.files import write_text
from ntg_assets.zones import UTC_ZONE

MANIFEST_VERSION = "1.0"


class PublishedFile(BaseModel):
    """One file of a generation."""

    path: str
    kind: str
    n_rows: int | None
    n_bytes: int
    sha256: str


class Manifest(BaseModel):
    """One generation of everything that was published."""

    manifest_version: str = MANIFEST_VERSION
    generation: str
    source: str
    configuration: str
    as_of: str
    timezone: str = UTC_ZONE
    code: str = ""
    """Fingerprint of code and libraries (outputs/origin.json); empty in older ones."""
    processor: str = ""
    """Type of processor; on one of another type floats differ below 1e-9. Empty in older ones."""
    unit: str = "index"
    """Unit of the figures of money."""
    headlines: dict[str, float | None] = {}
    """Figures by which a jump is noticed."""
    files: list[PublishedFile]


def describe_file(
    file: Path, *, workspace: Path, kind: str, n_rows: int | None = None
) -> PublishedFile:
    """Measure one published file.

    Args:
        file: Written and synced.
        workspace: Folder that its path is relative to.
        kind: table, report, schema, export, figure, page or origin.
        n_rows: Rows that it holds; none for what has none.
    """
    path = file.relative_to(workspace).as_posix()
    return PublishedFile(
        path=path, kind=kind, n_rows=n_rows, n_bytes=file.stat().st_size, sha256=sha256_of(file)
    )


def write_manifest(manifest: Manifest, file: Path) -> None:
    """Write the manifest, the last file of a generation."""
    write_text(file, json.dumps(manifest.model_dump(), indent=2) + "\n")


def read_manifest(file: Path) -> Manifest:
    """Read the manifest of the published generation.

    Raises:
        StorageError: nothing was published yet, or the manifest itself is damaged.
    """
    if not file.is_file():
        raise StorageError(
            f"nothing is published yet: {file.name} does not exist. Run `ntg run-all` first."
        )
    try:
        return Manifest.model_validate_json(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise StorageError(
            f"{file.name} is damaged (no UTF-8 text). Run `ntg run-all` to publish again."
        ) from None
    except ValidationError as error:
        first = error.errors()[0]
        fault = ": ".join(part for part in (".".join(map(str, first["loc"])), first["msg"]) if part)
        raise StorageError(
            f"{file.name} is damaged ({fault}). Run `ntg run-all` to publish again."
        ) from None

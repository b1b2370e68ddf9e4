"""Objects of a store, or files of a mounted folder, listed and copied through pyarrow's file
systems.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit

from pyarrow import fs

from ntg_assets.configuration.inputs.landing import FetchSettings
from ntg_assets.errors import SourceError

CHUNK_BYTES = 8 << 20
AZURE_KEY = "AZURE_STORAGE_KEY"  # as Azure's command line names it
MARKERS = ("_", ".")  # _SUCCESS, _committed_..., .part.crc: what writers leave beside their files


@dataclass(frozen=True)
class RemoteObject:
    """An object as its store lists it.

    Attributes:
        path: Full path in its file system (`bucket/key`).
        name: Path below the fetched prefix; the file name where one object is fetched.
        n_bytes: Size.
        changed_ns: Time of its last change, nanoseconds since 1970.
    """

    path: str
    name: str
    n_bytes: int
    changed_ns: int


def open_store(fetch: FetchSettings) -> tuple[fs.FileSystem, str]:
    """Open the file system of an address; nothing is asked of it yet.

    Returns:
        The file system, and the path in it.
    """
    parts = urlsplit(fetch.url)
    path = f"{parts.netloc}{unquote(parts.path)}"
    if parts.scheme == "file":
        return fs.LocalFileSystem(), unquote(parts.path)
    address = urlsplit(fetch.endpoint) if fetch.endpoint else None
    if parts.scheme == "gs":
        return _google(address), path
    if parts.scheme in {"az", "abfs"}:
        return _azure(fetch.account, address), path
    store = fs.S3FileSystem(
        region=fetch.region,
        endpoint_override=address.netloc if address else None,
        scheme=address.scheme if address else "https",
    )
    return store, path


def _google(address: SplitResult | None) -> fs.FileSystem:
    """Google's storage, or another service with its interface, which asks for no credentials."""
    if address is None:
        return fs.GcsFileSystem()
    return fs.GcsFileSystem(anonymous=True, scheme=address.scheme, endpoint_override=address.netloc)


def _azure(account: str | None, address: SplitResult | None) -> fs.FileSystem:
    """Azure's storage, or another service with its interface; an account's key is read from the
    environment, else whatever identity is found there.
    """
    elsewhere = (
        {
            f"{kind}_storage_{part}": value
            for kind in ("blob", "dfs")
            for part, value in (("authority", address.netloc), ("scheme", address.scheme))
        }
        if address
        else {}
    )
    return fs.AzureFileSystem(account, account_key=os.environ.get(AZURE_KEY), **elsewhere)


def list_objects(store: fs.FileSystem, path: str, fetch: FetchSettings) -> list[RemoteObject]:
    """List the object, or those below a prefix whose last part fits the pattern, by name.

    Markers that writers leave (`_SUCCESS`, `.crc`) and empty folders are passed over.

    Raises:
        SourceError: there is none, or a name would leave the folder it is fetched into.
    """
    if not path.endswith("/"):
        return [_single(store, path, fetch)]
    below = fs.FileSelector(path.rstrip("/"), recursive=True)
    listed = [entry for entry in store.get_file_info(below) if entry.type == fs.FileType.File]
    objects = [_object(entry, path.rstrip("/")) for entry in listed]
    chosen = sorted(
        (entry for entry in objects if _is_wanted(entry.name, fetch.pattern)),
        key=lambda entry: entry.name,
    )
    if not chosen:
        raise SourceError(
            f"landing.{fetch.name}: {len(listed):,} objects lie below {fetch.url}, and none fits"
            f" pattern {fetch.pattern!r}."
        )
    return chosen


def copied(store: fs.FileSystem, listed: RemoteObject, *, origin: str) -> Iterator[bytes]:
    """Read an object in chunks; what changed meanwhile is refused at the end.

    Raises:
        SourceError: the object is not the one that was listed.
    """
    n_bytes = 0
    with store.open_input_stream(listed.path) as stream:
        while chunk := stream.read(CHUNK_BYTES):
            n_bytes += len(chunk)
            yield chunk
    now = store.get_file_info(listed.path)
    is_same = now.size == n_bytes == listed.n_bytes
    if not is_same or _seconds(now.mtime_ns) != _seconds(listed.changed_ns):
        raise SourceError(
            f"{origin}{listed.name}: it changed while it was fetched ({listed.n_bytes:,} bytes were"
            f" listed, {n_bytes:,} came). Fetch again when its writer has finished."
        )


def _seconds(changed_ns: int) -> int:
    """A list of objects tells milliseconds, a single object whole seconds."""
    return changed_ns // 1_000_000_000


def _single(store: fs.FileSystem, path: str, fetch: FetchSettings) -> RemoteObject:
    result = store.get_file_info(path)
    if result.type == fs.FileType.Directory:
        raise SourceError(
            f"landing.{fetch.name}: {fetch.url} is a folder; end it with / to fetch what is below."
        )
    if result.type != fs.FileType.File:
        raise SourceError(f"landing.{fetch.name}: {fetch.url} does not exist.")
    return RemoteObject(path, PurePosixPath(path).name, result.size, result.mtime_ns)


def _object(info: fs.FileInfo, prefix: str) -> RemoteObject:
    name = info.path.removeprefix(prefix).lstrip("/")
    if ".." in PurePosixPath(name).parts or "\x00" in name:
        raise SourceError(f"{info.path}: its name leaves the folder that it is fetched into.")
    return RemoteObject(info.path, name, info.size, info.mtime_ns)


def _is_wanted(name: str, pattern: str) -> bool:
    parts = PurePosixPath(name).parts
    return not any(part.startswith(MARKERS) for part in parts) and fnmatch(parts[-1], pattern)

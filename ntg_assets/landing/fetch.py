"""Bring what is configured: each fetch whole, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ntg_assets.configuration.inputs.landing import FetchSettings, LandingSettings
from ntg_assets.errors import NtgError, SourceError
from ntg_assets.landing.folder import LandedFile, LandingFolder, drop_unused
from ntg_assets.landing.objects import CHUNK_BYTES, RemoteObject, copied, list_objects, open_store
from ntg_assets.landing.queries import FILE, fetch_query

CREDENTIALS = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or the machine's role",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS or the machine's account",
    "az": "AZURE_CLIENT_ID and its kin or the machine's identity",
    "abfs": "AZURE_CLIENT_ID and its kin or the machine's identity",
}


@dataclass(frozen=True)
class Fetched:
    """What became of one fetch.

    Attributes:
        name: Of the fetch.
        files: What its folder holds now.
        n_new: How many of them were brought this time; the others had not changed.
        problem: Why nothing was brought; then `files` are those of the fetch before.
    """

    name: str
    files: list[LandedFile]
    n_new: int = 0
    problem: str | None = None

    @property
    def sentence(self) -> str:
        """What happened, for a person."""
        n_bytes = sum(file.n_bytes for file in self.files)
        held = f"{len(self.files):,} files, {n_bytes:,} bytes"
        if self.problem is None:
            return f"landing.{self.name}: {held}; {self.n_new:,} of them new"
        rest = f"the fetch before stays ({held})" if self.files else "nothing was fetched before"
        return f"{self.problem} So {rest}."


def fetch_all(settings: LandingSettings, root: Path) -> list[Fetched]:
    """Bring everything that is configured into `root` (`data/landing`).

    One that fails does not keep the others from being brought.
    """
    done = [_fetch(entry, LandingFolder(root, entry.name)) for entry in settings.fetch]
    drop_unused(root, [entry.name for entry in settings.fetch])
    return done


def raise_if_failures(settings: LandingSettings, done: list[Fetched]) -> None:
    """Stop where something that a run needs could not be fetched.

    Raises:
        SourceError: naming each of them.
    """
    required = {entry.name for entry in settings.fetch if entry.required}
    failed = [
        entry.sentence for entry in done if entry.problem is not None and entry.name in required
    ]
    if failed:
        raise SourceError(
            " ".join(failed)
            + " Mend it, or set `required: false` to go on with what was fetched before."
        )


def _fetch(fetch: FetchSettings, folder: LandingFolder) -> Fetched:
    before = folder.landed()
    try:
        files = _rows(fetch, folder) if fetch.kind == "query" else _objects(fetch, folder, before)
        folder.replace(files)
    except NtgError as error:
        return Fetched(fetch.name, before, problem=str(error))
    except OSError as error:  # what clients of object stores raise, with the service's own words
        return Fetched(fetch.name, before, problem=_refused(fetch, error))
    existing = {(file.name, file.sha256) for file in before}
    n_new = sum((file.name, file.sha256) not in existing for file in files)
    return Fetched(fetch.name, files, n_new=n_new)


def _objects(
    fetch: FetchSettings, folder: LandingFolder, before: list[LandedFile]
) -> list[LandedFile]:
    store, path = open_store(fetch)
    origin = fetch.url if fetch.url.endswith("/") else fetch.url[: fetch.url.rindex("/") + 1]
    existing = {(file.origin, file.n_bytes, file.changed_ns): file for file in before}

    def bring(remote: RemoteObject) -> LandedFile:
        held = existing.get((f"{origin}{remote.name}", remote.n_bytes, remote.changed_ns))
        if held is not None and folder.holds(held):
            return held
        sha256, n_bytes = folder.keep(copied(store, remote, origin=origin))
        return LandedFile(remote.name, f"{origin}{remote.name}", n_bytes, sha256, remote.changed_ns)

    return [bring(remote) for remote in list_objects(store, path, fetch)]


def _rows(fetch: FetchSettings, folder: LandingFolder) -> list[LandedFile]:
    folder.root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.root, prefix=".query-") as scratch:
        file = Path(scratch) / FILE
        n_rows = fetch_query(fetch, file)
        if n_rows == 0:
            raise SourceError(f"landing.{fetch.name}: the query of {fetch.url} has no rows.")
        sha256, n_bytes = folder.keep(_chunks(file))
    return [LandedFile(FILE, fetch.url, n_bytes, sha256, 0)]


def _chunks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield chunk


def _refused(fetch: FetchSettings, error: OSError) -> str:
    scheme = fetch.url.split(":", 1)[0]
    reason = " ".join(str(error).split())
    hint = CREDENTIALS.get(scheme)
    where = f" Credentials come from the environment: {hint}." if hint else ""
    return f"landing.{fetch.name}: {fetch.url} could not be read: {reason}.{where}"

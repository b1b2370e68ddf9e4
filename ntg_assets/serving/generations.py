"""The generation that is served, and its exchange for the next one while requests go on."""

import threading
from dataclasses import dataclass

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import NtgError, StorageError
from ntg_assets.publish.files import sha256_of
from ntg_assets.publish.manifest import Manifest, read_manifest
from ntg_assets.ranking.lists.recommender import Recommender


@dataclass(frozen=True)
class Generation:
    """One publication, loaded: nothing of it is read from disk again."""

    name: str
    configuration: str
    recommender: Recommender


class Generations:
    """Holds the generation that requests are answered from.

    A request takes `current` once and stays with it; `refresh` loads a newer publication beside it
    and exchanges the two by one assignment, so no request ever sees half of each.

    Args:
        settings: The configuration.
        paths: Where the publication lies.

    Raises:
        StorageError: nothing is published, or the store is not the one of the manifest.
    """

    def __init__(self, settings: Settings, paths: Paths) -> None:
        self.settings, self.paths = settings, paths
        self.problem: str | None = None
        self._refreshing = threading.Lock()
        self.current = self._load(read_manifest(paths.manifest))

    def refresh(self) -> bool:
        """Load the publication when its manifest names another generation;
        return whether one was loaded.
        """
        with self._refreshing:
            try:
                manifest = read_manifest(self.paths.manifest)
                is_new = manifest.generation != self.current.name
                if is_new:
                    self.current = self._load(manifest)
            except (NtgError, OSError) as error:
                self.problem = str(error)
                return False
            self.problem = None
            return is_new

    def _load(self, manifest: Manifest) -> Generation:
        """Load the store that a manifest speaks of; a run may be replacing it at this moment."""
        store = self.paths.published_store
        listed = {file.path: file.sha256 for file in manifest.files}
        name = store.relative_to(self.paths.workspace).as_posix()
        if not store.is_file() or listed.get(name) != sha256_of(store):
            told = "a run is publishing, or it is damaged (`ntg verify`)"
            raise StorageError(
                f"{name} is not the file of generation {manifest.generation}: {told}."
            )
        before = store.stat().st_ino
        recommender = Recommender.load(store, settings=self.settings.ranking, hold_log=True)
        if store.stat().st_ino != before:
            raise StorageError(
                f"{name} was replaced while generation {manifest.generation} was loaded. It is"
                " tried again."
            )
        return Generation(manifest.generation, manifest.configuration, recommender)

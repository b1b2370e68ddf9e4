"""The generation that is served, and its exchange for the next one while requests go on."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.errors import NtgError, StorageError
from ntg_assets.publish.files import sha256_of
from ntg_assets.publish.manifest import read_manifest
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.serving.messages import ListedItem
from ntg_assets.serving.published_lists import PublishedLists

LISTS_FOLDER = "served_lists"  # of the scratch folder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Generation:
    """One publication, loaded: its store is not opened again.

    Attributes:
        name: Of the publication.
        configuration: Fingerprint of the configuration that made it.
        recommender: Computes a list.
        lists: Those of the night; none where they were made with another configuration than that
            of the service, whose rules may differ, or where their file cannot be written.
    """

    name: str
    configuration: str
    recommender: Recommender
    lists: PublishedLists | None


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
        self.current = self._load(paths.pinned())

    def refresh(self) -> bool:
        """Load the publication when its manifest names another generation;
        return whether one was loaded.
        """
        with self._refreshing:
            try:
                paths = self.paths.pinned()
                is_new = read_manifest(paths.manifest).generation != self.current.name
                if is_new:
                    self.current = self._load(paths)
            except (NtgError, OSError) as error:
                self.problem = str(error)
                return False
            self.problem = None
            return is_new

    def _load(self, paths: Paths) -> Generation:
        """Load the store of one generation, once it is held against its manifest."""
        manifest, store = read_manifest(paths.manifest), paths.published_store
        listed = {file.path: file.sha256 for file in manifest.files}
        name = store.relative_to(paths.published).as_posix()
        if not store.is_file() or listed.get(name) != sha256_of(store):
            raise StorageError(
                f"{name} is not the file of generation {manifest.generation}: it is damaged (`ntg"
                " verify`)."
            )
        recommender = Recommender.load(store, settings=self.settings.ranking, hold_log=True)
        lists = None
        if manifest.configuration == self.settings.fingerprint:
            lists = self._published_lists(store, manifest.generation)
        return Generation(manifest.generation, manifest.configuration, recommender, lists)

    def _published_lists(self, store: Path, generation: str) -> PublishedLists | None:
        """Map the lists of the night; none where their file cannot be written, and each list is
        then computed.
        """
        try:
            return PublishedLists.load(
                store,
                self.paths.scratch / LISTS_FOLDER,
                generation=generation,
                fields=tuple(ListedItem.model_fields),
                longest=self.settings.ranking.top_k,
            )
        except OSError as error:
            log.warning("every list is computed: those of the night cannot be laid out (%s)", error)
            return None

"""What a generation was made by: settings, code, libraries. Its inputs are tables of the store."""

import hashlib
import json
import platform
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:  # who reads what a generation was made by needs neither: loading them takes long
    from ntg_assets.configuration.settings import Settings

ORIGIN = "outputs/origin.json"
PACKAGE, DISTRIBUTION = "ntg_assets", "ntg-assets"
DIGITS = 12
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
OF_CODE = (".py", ".sql", ".j2")


class Origin(BaseModel):
    """What a generation was made by.

    Attributes:
        settings: The effective configuration but for what says where and when.
        code: SHA-256 (its first digits) of each source file of NTG.
        libraries: Versions of Python and of what NTG stands on.
        machine: Type of processor (`processor`): last bits differ between types.
    """

    settings: dict[str, Any]
    code: dict[str, str]
    libraries: dict[str, str]
    machine: str

    @property
    def fingerprint(self) -> str:
        """Name of code and libraries: what they are the same by."""
        text = json.dumps([self.code, self.libraries], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def origin_of(settings: "Settings") -> Origin:
    """Collect what a generation of this process is made by."""
    from ntg_assets.configuration.settings import DEPLOYMENT_SECTIONS  # noqa: PLC0415  # as above
    from ntg_assets.statistics.processor import processor  # noqa: PLC0415  # as above

    return Origin(
        settings=settings.model_dump(mode="json", exclude=set(DEPLOYMENT_SECTIONS)),
        code=_code(),
        libraries=_libraries(),
        machine=processor(),
    )


@cache
def _code() -> dict[str, str]:
    return dict(sorted(_hashes(files(PACKAGE), PurePosixPath())))


def _hashes(folder: Traversable, at: PurePosixPath) -> list[tuple[str, str]]:
    hashes: list[tuple[str, str]] = []
    for entry in folder.iterdir():
        if entry.is_dir():
            hashes += _hashes(entry, at / entry.name)
        elif entry.name.endswith(OF_CODE):
            digest = hashlib.sha256(entry.read_bytes()).hexdigest()[:DIGITS]
            hashes.append((str(at / entry.name), digest))
    return hashes


@cache
def _libraries() -> dict[str, str]:
    needed = {"python": platform.python_version()}
    try:
        wanted = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # run from its folder, not installed
        return needed
    for line in wanted:
        name = NAME.match(line)
        if name and "extra ==" not in line:  # what develops NTG does not make its results
            needed[name[0].lower()] = version(name[0])
    return dict(sorted(needed.items()))

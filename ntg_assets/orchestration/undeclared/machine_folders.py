"""Folders that hold no data of the service: of the machine, of Python and its libraries."""

import os
import site
import sys
from functools import cache
from pathlib import Path

# of the machine itself: what it is like, zones, its own libraries
SYSTEM = tuple(
    Path(name)
    for name in (
        *("/proc", "/sys", "/usr", "/lib", "/lib64", "/etc", "/bin", "/sbin", "/dev/null"),
        *("/dev/urandom", "/System", "/Library", "/private/etc", "/opt/homebrew"),
    )
)


@cache
def libraries() -> tuple[Path, ...]:
    """Folders of the interpreter, of libraries, and of what numba has compiled for either where it
    may not write beside the source.
    """
    home, named = Path.home(), os.environ  # noqa: TID251  # not settings of NTG
    caches = Path(named.get("XDG_CACHE_HOME") or home / ".cache"), home / "Library" / "Caches"
    folders = [sys.prefix, sys.base_prefix, site.getuserbase(), *site.getsitepackages()]
    folders += [str(folder / "numba") for folder in caches]
    return tuple(map(Path, [*folders, named.get("NUMBA_CACHE_DIR", sys.prefix)]))

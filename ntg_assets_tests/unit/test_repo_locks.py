"""The locks: every dependency is pinned with hashes, the locks agree,
no address of an index stands in them.
"""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
LOCKS = ["requirements.lock", "requirements-dev.lock", "requirements-peers.lock"]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[\w,-]+\])?==([^\s;\\]+)")


def pins(lock: str) -> dict[str, str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return {
        canonicalize_name(found.group(1)): found.group(2)
        for line in lines
        if (found := PIN.match(line))
    }


def wanted(*extras: str) -> list[Requirement]:
    return [
        Requirement(text)
        for text in [
            *PROJECT["dependencies"],
            *(text for extra in extras for text in EXTRAS[extra]),
        ]
    ]


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ("build", "postgres")),
        ("requirements-dev.lock", ("build", "postgres", "serve", "dev")),
        ("requirements-peers.lock", tuple(EXTRAS)),
    ],
)
def test_a_lock_pins_every_dependency_to_a_version_that_is_allowed(
    lock: str, extras: tuple[str, ...]
) -> None:
    pinned = pins(lock)
    refused = [
        str(need)
        for need in wanted(*extras)
        if not need.specifier.contains(pinned.get(canonicalize_name(need.name), "0.dev0"))
    ]
    assert refused == [], f"{lock} does not hold these: run `make lock`."


def test_the_build_backend_is_locked() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"][
        "requires"
    ]
    assert {Requirement(text).name for text in build} <= set(pins("requirements.lock"))


@pytest.mark.parametrize(("small", "large"), list(pairwise(LOCKS)))
def test_a_larger_lock_holds_the_same_versions_and_more(small: str, large: str) -> None:
    fewer, more = pins(small), pins(large)
    assert {name: more.get(name) for name in fewer} == fewer
    assert fewer.keys() < more.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    entries = re.split(r"\n(?=[A-Za-z0-9])", (ROOT / lock).read_text(encoding="utf-8"))
    assert [
        entry.split()[0] for entry in entries if PIN.match(entry) and "--hash=sha256:" not in entry
    ] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_host_and_no_folder_stands_in_a_lock(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"https?:|file:|--index|--extra-index|--find-links|@ /", text) == []

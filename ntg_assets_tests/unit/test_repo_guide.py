"""The pages for who changes the code name files, targets and tests that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "ARCHITECTURE.md")
FILE = re.compile(r"`((?:[\w.<>-]+/)*[\w.<>-]+\.(?:py|sql|md|json|yaml))`")


def files_named(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return sorted({name for name in FILE.findall(text) if "<" not in name})


@pytest.mark.parametrize(
    ("page", "name"), [(page, name) for page in PAGES for name in files_named(page)]
)
def test_every_file_that_a_page_names_is_there(page: str, name: str) -> None:
    places = (ROOT, ROOT / "ntg_assets")
    found = any((place / name).exists() for place in places) or (
        "/" not in name and any(ROOT.glob(f"ntg_assets*/**/{name}"))
    )
    assert found, f"{page} names {name}, which is nowhere"


def test_every_target_that_the_guide_names_is_in_the_makefile() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    table = " ".join(line.split("|")[1] for line in guide.splitlines() if line.startswith("| `"))
    named = re.findall(r"`(?:make )?([a-z][a-z-]*)[^`.]*`", table)
    assert named
    assert [name for name in named if name not in {*targets, "bench-"}] == []

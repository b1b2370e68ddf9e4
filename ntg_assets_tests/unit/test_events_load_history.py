"""Loads are appended once, in order, and compared with the last one of other content of the same
data.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ntg_assets.errors import StorageError
from ntg_assets.events.load_history import (
    Extent,
    Load,
    content_of,
    keep_load,
    load_before,
    read_loads,
    sources_of,
)
from ntg_assets_tests.event_files import log_settings, survey_log, write_log

AT = datetime(2024, 4, 1)


def load(name: str, *, data: str = "plays") -> Load:
    return Load(
        load=name,
        source_name=data,
        loaded_at=AT,
        run="r",
        sources={},
        n_events=1,
        n_users=1,
        first_at=AT,
        last_at=AT,
    )


def test_a_load_is_compared_with_the_last_one_of_other_content_and_a_rerun_with_the_same(
    tmp_path: Path,
) -> None:
    before = []
    for name in ("a", "a", "b", "b", "a", "a"):
        found = load_before(read_loads(tmp_path, source_name="plays"), name)
        before.append(found.load if found else None)
        keep_load(tmp_path, load(name))
    assert before == [None, None, "a", "a", "b", "b"]
    assert [file.name for file in sorted(tmp_path.iterdir())] == [
        "000001-a.json",
        "000002-b.json",
        "000003-a.json",
    ]


def test_only_what_is_usable_counts_as_extent(tmp_path: Path) -> None:
    write_log(tmp_path, ["1,7,2024-01-02,1", "2,7,2024-01-03,1", "3,7,no day,1"])
    extent = survey_log(tmp_path, log_settings(max_bad_share=0.5)).extent
    assert extent == Extent(2, 2, datetime(2024, 1, 2), datetime(2024, 1, 3))


def test_loads_of_other_data_do_not_count(tmp_path: Path) -> None:
    keep_load(tmp_path, load("a"))
    keep_load(tmp_path, load("b", data="clicks"))
    assert read_loads(tmp_path, source_name="plays") == [load("a")]
    assert load_before(read_loads(tmp_path, source_name="rentals"), "c") is None


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"load": "a"}'])
def test_a_damaged_file_is_one_clear_sentence(tmp_path: Path, content: bytes) -> None:
    keep_load(tmp_path, load("a"))
    (tmp_path / "000001-a.json").write_bytes(content)
    with pytest.raises(
        StorageError,
        match=r"000001-a\.json: cannot be read \(.*\)\. Restore it, or delete it and run again",
    ):
        read_loads(tmp_path, source_name="plays")


@pytest.mark.slow
def test_a_content_is_what_files_and_folders_hold_and_how_they_are_read(tmp_path: Path) -> None:
    def content(**keys: Any) -> str:
        settings = log_settings("**/*.csv", **keys)
        return content_of(survey_log(tmp_path, settings).load_ledger, settings)

    path = write_log(tmp_path, ["u,a,2024-03-01,1"], name="dt=1/log.csv")
    first = content()
    assert content(volume={"warn_below": 0.9}, source_folders=["/anywhere"]) == first, (
        "what changes no row is no other content"
    )
    assert content(value_range=[0, 5]) != first
    path.rename(tmp_path / "dt=1" / "renamed.csv")
    assert content() == first
    (tmp_path / "dt=1").rename(tmp_path / "dt=2")
    assert content() != first


def test_a_ledger_is_summed_up_by_source(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,a,2024-03-01,1", "u,a,never,1"], name="1.csv")
    write_log(tmp_path, ["u,b,2024-03-01,1"], name="2.csv")
    found = sources_of(survey_log(tmp_path, log_settings("*.csv", max_bad_share=0.5)).load_ledger)
    assert {
        name: (source.n_files, source.n_rows, source.n_accepted) for name, source in found.items()
    } == {"events": (2, 3, 2)}

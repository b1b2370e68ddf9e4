"""Every file that a step declares has a version, which another content, another file or a file less
changes.
"""

from pathlib import Path
from typing import Any

import pytest

from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.orchestration.remembering.files import (
    READERS,
    Changing,
    file_sources,
    file_versions,
)
from ntg_assets.orchestration.remembering.memory import Memory
from ntg_assets.orchestration.remembering.steps import Work
from ntg_assets_tests.workspaces import HOME

LISTS = (
    "radar.opt_out_file",
    "radar.exclusion_file",
    "radar.contact_log",
    "ranking.rules.exclude_items_file",
)
KEPT = {
    "data/history/loads": "history/loads/000001-a.json",
    "data/history/segments": "history/segments/day.parquet",
    "data/history/assignments": "history/assignments/day.parquet",
    "data/history/generations": "history/generations/000001-a.json",
    "data/history/taken": "history/taken/day.parquet",
    "data/history/forgets": "history/forgets/000001-a.json",
    "data/leakage": "leakage/a.json",
    "data/features": "generations/a/data/features/user_features.parquet",
}


def reading(*words: str, name: str = "a step") -> Work:
    return Work(name, "ntg_assets.splits.assets", files=words)


def settings_of(folder: Path, **more: Any) -> Settings:
    (folder / "log").mkdir(exist_ok=True)
    for name in ("log/a.csv", "items.csv"):
        (folder / name).write_text("a,b\n")
    overrides = {
        "ingest.source_folders": [str(folder)],
        "ingest.events.files": [str(folder / "log" / "*.csv")],
        "ingest.items.files": [str(folder / "items.csv")],
        **more,
    }
    return load_settings("configs/dev.yaml", home=HOME, environment={}, overrides=overrides)


def paths_of(folder: Path) -> Paths:
    return Paths(home=HOME, workspace=folder)


def test_every_configured_list_and_log_is_among_the_files(tmp_path: Path) -> None:
    demo = load_settings("configs/demo.yaml", home=HOME, environment={})
    sources = [source.files for source in file_sources(demo)]
    assert demo.ingest.subscriptions is not None
    assert demo.ingest.payments is not None
    assert demo.ingest.subscriptions.files in sources
    assert demo.ingest.payments.files in sources
    assert all(source.files in sources for source in demo.ingest.attributes.sources)
    named = {
        key: str(tmp_path / f"{key}.csv") for key in (*LISTS, "ranking.rules.exclude_items_file")
    }
    for file in named.values():
        Path(file).write_text("user_id\n1\n")
    settings = settings_of(tmp_path, **named)
    work, paths = reading("what ingest.input_files lists"), paths_of(tmp_path)
    before = file_versions(work, settings, paths)
    assert len(before) == len(named)
    for file in named.values():
        Path(file).write_text("user_id\n2\n")
        after = file_versions(work, settings, paths)
        assert [Path(name).name for name in before if before[name] != after[name]] == [
            Path(file).name
        ]
        before = after
    Path(file).unlink()
    with pytest.raises(Changing, match="cannot be read"):
        file_versions(work, settings, paths)


@pytest.mark.parametrize(
    "name", ["a.csv", "b.csv", "a.csv.sha256", "_MANIFEST.json", "_SUCCESS.csv"]
)
def test_the_log_and_what_stands_beside_it_have_versions(tmp_path: Path, name: str) -> None:
    settings, work = settings_of(tmp_path), reading("ingest.events.files")
    before = file_versions(work, settings, paths_of(tmp_path))
    (tmp_path / "log" / name).write_text("c,d\n")
    assert file_versions(work, settings, paths_of(tmp_path)) != before


def test_a_verdict_that_its_step_finds_is_kept_with_it_and_nothing_else_may_change(
    tmp_path: Path,
) -> None:
    def memory() -> Memory:
        connect: Any = None  # no table is asked
        return Memory(settings_of(tmp_path), paths_of(tmp_path), connect, run="a")

    leakage = tmp_path / "data" / "leakage"
    leakage.mkdir(parents=True)
    (leakage / "a.json").write_text("before")
    audit = reading("data/leakage", name="backtest__leakage_audit")
    with memory().making(audit):
        (leakage / "b.json").write_text("found")
    assert memory().unchanged(audit)
    for file, other in (("a.json", "another"), ("a.json", None)):
        with memory().making(audit):
            (leakage / file).write_text(other) if other else (leakage / file).unlink()
        assert memory().unchanged(audit) is None
    loads = reading("data/history/loads", name="another step")
    with memory().making(loads):
        (tmp_path / "data" / "history" / "loads").mkdir(parents=True)
        (tmp_path / "data" / "history" / "loads" / "a.json").write_text("somebody else's")
    assert memory().unchanged(loads) is None


def test_the_item_table_is_apart_from_the_log(tmp_path: Path) -> None:
    settings, work = settings_of(tmp_path), reading("ingest.items.files")
    before = file_versions(work, settings, paths_of(tmp_path))
    (tmp_path / "log" / "a.csv").write_text("c,d\n")
    assert file_versions(work, settings, paths_of(tmp_path)) == before
    (tmp_path / "items.csv").write_text("c,d\n")
    assert file_versions(work, settings, paths_of(tmp_path)) != before


@pytest.mark.parametrize("word", KEPT)
def test_what_was_kept_of_nights_before_has_a_version(tmp_path: Path, word: str) -> None:
    settings, paths = settings_of(tmp_path), paths_of(tmp_path)
    versions, file = [], tmp_path / "data" / KEPT[word]
    file.parent.mkdir(parents=True, exist_ok=True)
    for content in ("first", "other"):
        file.write_text(content)
        versions.append(file_versions(reading(word), settings, paths))
    assert versions[0].keys() == versions[1].keys()
    assert versions[0] != versions[1]
    file.unlink()
    assert file_versions(reading(word), settings, paths) == {}


def test_what_is_not_understood_or_lies_elsewhere_has_no_version(tmp_path: Path) -> None:
    settings, paths = settings_of(tmp_path), paths_of(tmp_path)
    with pytest.raises(Changing, match="data/elsewhere is read anew in every run"):
        file_versions(reading("data/elsewhere"), settings, paths)
    assert file_versions(reading("landing.fetch"), settings, paths) == {}
    fetch = [{"name": "log", "url": "file:///nowhere/a.csv"}]
    with pytest.raises(Changing, match=r"landing\.fetch"):
        file_versions(
            reading("landing.fetch"), settings_of(tmp_path, **{"landing.fetch": fetch}), paths
        )


def test_a_load_that_was_accepted_is_not_judged_again(tmp_path: Path) -> None:
    settings, paths = settings_of(tmp_path), paths_of(tmp_path)
    work = reading("data/history/loads", name="source_files")
    (tmp_path / "data" / "history" / "loads").mkdir(parents=True)
    (tmp_path / "data" / "history" / "loads" / "000001-a.json").write_text("{}")
    assert file_versions(work, settings, paths) == {}


def test_every_kind_of_file_is_held_here() -> None:
    others = {
        "ingest.events.files",
        "ingest.items.files",
        "what ingest.input_files lists",
        "landing.fetch",
        "data/landing",  # only what fetches bring, which are made in every run
        "data/published",  # only in place of a list that cannot be read, and then nothing is kept
    }
    assert READERS.keys() == KEPT.keys() | others

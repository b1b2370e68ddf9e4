"""Whatever a log holds: every row has one fate, and the order of rows,
files and threads changes nothing.
"""

import random
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ntg_assets.configuration.engine import EngineSettings
from ntg_assets.errors import SourceError
from ntg_assets.events.load import load_events, survey
from ntg_assets.sources.sources import Place
from ntg_assets_tests.event_files import fates, load, log_settings, write_log

IDS = st.sampled_from(["u1", "u2", "00042", "", "O'Brien", '"quo""ted"', '"a,b"', "😀"])
TIMES = st.sampled_from(
    ["2024-01-01", "2024-01-01T05:30:00+05:30", "2024-06-01 12:00:00", "1980-01-01", "soon", ""]
)
VALUES = st.sampled_from(["1", "1.0", "2.5", "nan", "-1", "x", "", '"1"'])
ROWS = st.tuples(IDS, IDS, TIMES, VALUES).map(",".join) | st.sampled_from(
    ["", "one", "a,b,c,d,e", '"broken,1,2,3', 'bro"ken,i,2024-01-01,1']
)
# few logs of many rows: what a log costs is its reading, what it asks is in its rows
LOGS = st.lists(st.lists(ROWS, max_size=24), min_size=1, max_size=3)
TRUSTING = log_settings("*.csv", max_bad_share=1, value_range=[0, 5])
N_EXAMPLES = 12


def write_files(home: Path, files: list[list[str]]) -> None:
    for number, rows in enumerate(files):
        write_log(home, rows, name=f"{number}.csv")


@pytest.mark.slow  # each example writes and reads files
@settings(max_examples=N_EXAMPLES)
@given(LOGS)
def test_every_row_is_accepted_quarantined_or_a_duplicate_or_nothing_is_loaded(
    files: list[list[str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_files(home, files)
        try:
            found, events = load(home, TRUSTING)
        except SourceError:
            return
        assert all(
            n_rows == n_accepted + n_bad + n_double
            for n_rows, n_accepted, n_bad, n_double in fates(found)
        )
        stored = dict(events.group_by("load_file").len().iter_rows())
        refused = dict(found.quarantine.group_by("load_file").len().iter_rows())
        for file in found.load_ledger.iter_rows(named=True):
            assert stored.get(file["load_file"], 0) == file["n_accepted"]
            assert refused.get(file["load_file"], 0) == file["n_quarantined"]
            written = files[int(file["file_name"].removesuffix(".csv"))]
            assert file["n_rows"] == sum(1 for row in written if row)


@pytest.mark.slow  # each example writes and reads files
@settings(max_examples=N_EXAMPLES)
@given(
    st.lists(ROWS.filter(lambda row: '"broken' not in row), min_size=8, max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter(rows: list[str], chance: random.Random) -> None:
    shuffled = chance.sample(rows, len(rows))
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        told: list[object] = []
        for home, content in ((Path(one), rows), (Path(other), shuffled)):
            write_log(home, content)
            try:
                found, events = load(home, log_settings(max_bad_share=1, value_range=[0, 5]))
            except SourceError:
                told.append(None)
                continue
            told.append(
                (
                    fates(found),
                    events.rows(),
                    sorted(found.quarantine.select("column_name", "reason", "raw_text").rows()),
                )
            )
        assert told[0] == told[1]


@pytest.mark.slow
def test_threads_and_a_second_load_change_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311  # test data
    for name in ("b.csv", "a.csv"):
        rows = [
            f"u{chance.randrange(50)},i{chance.randrange(50)},"
            f"2024-01-0{chance.randrange(1, 9)},{chance.choice('12x')}"
            for _ in range(4000)
        ]
        write_log(tmp_path, rows, name=name)
    trusting = log_settings("*.csv", max_bad_share=1)
    surveys = [
        survey(trusting, place=Place(tmp_path, engine=EngineSettings(threads=threads)))
        for threads in (1, 2, 2)
    ]
    for found in surveys[1:]:
        assert found.load_ledger.equals(surveys[0].load_ledger)
        assert found.quarantine.equals(surveys[0].quarantine)
    ledger = surveys[0].load_ledger
    events = load_events(trusting, tmp_path)
    assert events.height == ledger["n_accepted"].sum()
    assert events.unique(["user_id", "item_id", "event_at", "value"]).height == events.height
    assert events.filter(pl.col("load_file") == 1).height == ledger["n_accepted"][0]

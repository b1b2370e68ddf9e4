"""Lines below the records of a text: found, left out, and counted."""

from pathlib import Path

import pytest

from ntg_assets.errors import SourceError
from ntg_assets_tests.event_files import log_settings, survey_log, write_log
from ntg_assets_tests.field_cases import events, fates, put, settings
from ntg_assets_tests.sniffed_logs import TIMES, lines, sniff

HEADER = "user_id,item_id,time,amount\n"
LOG = lines(lambda n, at: f"u{n},i{n},{at},{n}", HEADER)
SHORT = "".join(f"{line}\n" for line in LOG.splitlines()[:4])


@pytest.mark.parametrize(
    ("below", "n_lines"),
    [
        ("Total,,,91\n", 1),
        (",,,\n,,Sum:,91\n", 2),
        ("\nExported on 2024-06-01\nAll times UTC\n", 2),
        ("(14 rows affected)", 1),
        ("\n\nEnd, of, report\n\n", 1),
    ],
)
@pytest.mark.parametrize("log", [LOG, SHORT], ids=["long", "short"])
def test_lines_below_are_found_skipped_and_counted(
    tmp_path: Path, log: str, below: str, n_lines: int
) -> None:
    found = sniff(tmp_path, log + below)
    assert found.settings["skip_last_lines"] == n_lines
    given = log_settings("log", **found.settings)
    n_records = log.count("\n") - 1
    assert len(events(tmp_path, given)) == n_records
    assert fates(tmp_path, given) == [(n_records + n_lines, n_records, 0, n_lines, 0, 0)]
    because = survey_log(tmp_path, given).load_ledger["skipped_because"][0]
    assert because == f"the line stands below the records (skip_last_lines): {n_lines}"


def test_records_are_not_taken_for_notes(tmp_path: Path) -> None:
    gaps = lines(lambda n, at: f"u{n},{['i', ''][n % 2]},{['', at][n % 3 > 0]},", HEADER)
    other_signs = LOG + LOG.split("\n", 3)[3].replace(",", ";").split("\n", 1)[0] + "\n"
    for log in (LOG, gaps, other_signs, LOG + f"u1,i1,{TIMES[0]}"[:-3], LOG + f"u1,,{TIMES[0]},\n"):
        assert "skip_last_lines" not in sniff(tmp_path, log).settings


def test_a_quarantined_row_is_found_above_lines_that_are_skipped(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,i,2024-01-05,1", "u,i,soon,1", "", "Total,,,2", "# end", "made by X"])
    given = log_settings(skip_last_lines=2, comment="#", max_bad_share=0.5)
    assert fates(tmp_path, given) == [(4, 1, 1, 2, 0, 0)]
    assert survey_log(tmp_path, given).quarantine["line"].to_list() == [3]


def test_rows_of_several_files_are_numbered_without_the_lines_below(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        rows = [f"u,i{name},2024-01-05,1", "u,i,soon,1", f"v,i{name},2024-01-06,1", "Total,,,3"]
        write_log(tmp_path, rows, name=name)
    given = log_settings("*.csv", skip_last_lines=1, max_bad_share=0.5)
    assert fates(tmp_path, given) == [(4, 2, 1, 1, 0, 0)] * 2
    bad = survey_log(tmp_path, given).quarantine
    assert bad.select("file_name", "line").rows() == [("a.csv", 3), ("b.csv", 3)]


def test_a_file_of_fewer_lines_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, ["u,i,2024-01-05,1"])
    for n_lines, told in ((2, "no record is left"), (9, "no record is left"), (1, "no row")):
        with pytest.raises(SourceError, match=told):
            survey_log(tmp_path, log_settings(skip_last_lines=n_lines))


def test_lines_of_json_may_end_in_a_summary(tmp_path: Path) -> None:
    row = '{"user_id": "u", "item_id": "i", "event_at": "2024-01-05"}\n'
    put(tmp_path, {"log.jsonl": row + '{"n_rows": 1}\n'})
    given = settings("log.jsonl", skip_last_lines=1)
    assert fates(tmp_path, given) == [(2, 1, 0, 1, 0, 0)]

"""`ntg check` and `ntg config show` say before a run what a run would refuse, or warn of."""

from pathlib import Path

import pytest

from ntg_assets_tests.called import ntg


@pytest.mark.slow
def test_check_says_all_reasons_of_all_columns_with_their_places(home: Path) -> None:
    rows = ["u1,a,2024-01-01,1", ",a,2024-01-01,1", "u2,a,soon,1", "u3,a,2024-01-01,much"]
    (home / "log.csv").write_text("user_id,item_id,event_at,value\n" + "\n".join(rows) + "\n")
    (home / "ntg.yaml").write_text(
        "ingest: {events: {files: [log.csv], value: value}}\nradar: {opt_out_file: nobody.csv}\n"
    )
    code, told = ntg("check")
    assert code == 1
    for part in (
        "3 of 4 rows (75.00%) cannot be used",
        "events: user_id  is empty in 1 record(s), first log.csv line 3",
        "events: event_at  is no ISO timestamp in 1 record(s), first log.csv line 4",
        "events: value  is no number in 1 record(s), first log.csv line 5",
        "radar.opt_out_file  nobody.csv: no such file",
        "every contact list is withheld",
    ):
        assert part in told


def test_check_holds_lists_and_items_against_the_log(home: Path) -> None:
    rows = "".join(f"{user},{user % 3},2024-0{month}-01\n" for user in (1, 2) for month in (1, 6))
    (home / "log.csv").write_text("user_id,item_id,event_at\n" + rows)
    (home / "items.csv").write_text("item_id,title,genre\n1,A,Drama\n9,B,drama\n")
    (home / "out.csv").write_text('user_id\n="1"\n7\n8\n')
    (home / "left.csv").write_text("user_id,reason\nann,staff\n")
    (home / "blocked.csv").write_text("item_id\n77\n")
    (home / "ntg.yaml").write_text(
        "ingest: {events: {files: [log.csv], user_id_type: integer, item_id_type: integer},"
        " items: {files: [items.csv], title: title, categories: genre}}\n"
        "radar: {opt_out_file: out.csv, exclusion_file: left.csv}\n"
        "ranking: {rules: {exclude_items_file: blocked.csv}}\nchurn: {horizon_days: 9}\n"
    )
    code, told = ntg("check")
    assert code == 1
    for part in (
        "! items  1 of 2 items, in 2 of 4 events, are not in the item table",
        "! items  1 categories are written in several ways",
        "! radar.opt_out_file  1 of the 1 users that it names are written otherwise in the log",
        """(such as '="1"' for 1); 2 of its 3 ids are no users of the log (first: '7')""",
        "✗ radar.exclusion_file  none of its 1 ids is a user of the log: the first is 'ann'",
        "! ranking.rules.exclude_items_file  no item of TRAIN has the id '77'",
    ):
        assert " ".join(part.split()) in " ".join(told.split())


@pytest.mark.parametrize(
    ("overlay", "told"),
    [
        ("schedule: {cron: '0 25 * * *'}", "'25' is no hour"),
        ("schedule: {cron: '0 3 * * xyz'}", "'xyz' is no weekday"),
        ("ranking: {rules: {exclude_categories: [Horror]}}", "the source has none"),
        ("ingest: {events: {files: [a.csv], timezone: Mars/Olympus}}", "is no IANA time zone"),
        ("ingest: {events: {files: [a.csv], timestamp_format: '%Q'}}", "no time format knows"),
        ("ingest: {events: {files: [a.csv], encoding: utf-9}}", "is no known encoding"),
    ],
)
def test_config_show_refuses_what_a_run_would_refuse(home: Path, overlay: str, told: str) -> None:
    base = "" if "ingest" in overlay else "ingest: {events: {files: [a.csv]}}\n"
    (home / "ntg.yaml").write_text(f"{base}{overlay}\n")
    code, said = ntg("config", "show")
    assert code == 2
    assert told in said


def test_a_log_of_a_day_is_not_told_to_set_what_is_set(home: Path) -> None:
    (home / "log.csv").write_text("user_id,item_id,event_at\nu,i,2024-01-05\n")
    (home / "ntg.yaml").write_text(
        "ingest: {events: {files: [log.csv]}}\nchurn: {horizon_days: 1}\n"
    )
    told = " ".join(ntg("check")[1].split())
    assert "Set for example churn.horizon_days" not in told
    assert "Deliver a log of 2 days at least" in told

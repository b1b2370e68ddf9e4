"""The CRM's hand-over: one row per person, and what the CRM did, read back."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.testing import CliRunner

from ntg_assets.attributes.reading import no_attributes
from ntg_assets.cli.app import app
from ntg_assets.configuration.handover import TakenSettings
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.contracts import IdTypes
from ntg_assets.errors import SourceError
from ntg_assets.history.days import (
    ASSIGNMENT_DAYS,
    HANDED_DAYS,
    TAKEN_DAYS,
    append_days,
    day_files,
)
from ntg_assets.publish.exports import export_handover, export_handover_schema
from ntg_assets.revenue.contacts.contacts_taken import (
    kept_taken,
    made_contacts,
    with_reported,
)
from ntg_assets.revenue.contacts.lists.user_lists import UserLists
from ntg_assets.revenue.contacts.policy import as_reported, intervention_exclusions
from ntg_assets.revenue.handover.checks import handed_over_wrongly
from ntg_assets.revenue.handover.crm_handover import (
    crm_handover,
    handover_attributes,
    handover_report,
)
from ntg_assets.revenue.handover.reading import Taken, take
from ntg_assets.revenue.handover.taken_rows import Report
from ntg_assets.sources.sources import Place

NIGHT, NEXT = date(2024, 3, 1), date(2024, 3, 2)
IDS = IdTypes("integer", "integer")


def radar_settings(**more: Any) -> RadarSettings:
    return RadarSettings.model_validate(
        {
            "strategies": [
                {"name": "risk", "objective": "revenue_at_risk", "channel": "email"},
                {"name": "offer", "objective": "expected_profit", "action": "half_price"},
                {"name": "chance", "objective": "random"},
            ],
            **more,
        }
    )


def targets(*rows: tuple[str, int, int, str]) -> pl.DataFrame:
    """Rows of `intervention_targets`: strategy, user, rank, action."""
    schema = ["strategy", "user_id", "rank", "action"]
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        churn_probability=0.5, revenue_at_risk=10.0, expected_profit=1.0, unit=pl.lit("eur"),
        reason=pl.lit("silent for 40 days"),
    )  # fmt: skip


WANTED = targets(
    ("risk", 1, 1, "contact"),
    ("risk", 2, 2, "no_contact"),
    ("offer", 3, 1, "contact"),
    ("offer", 1, 2, "contact"),
    ("offer", 2, 3, "no_contact"),
    ("chance", 1, 1, "contact"),
    ("chance", 4, 2, "contact"),
)


def test_each_person_is_handed_over_by_the_first_strategy_that_wants_them() -> None:
    settings = radar_settings()
    handed = crm_handover(WANTED, settings=settings, handed_over_on=NIGHT)
    assert handed.select("strategy", "user_id", "action", "channel", "also_wanted_by").rows() == [
        ("risk", 1, "contact", "email", "offer, chance"),
        ("offer", 3, "half_price", None, None),
        ("chance", 4, "contact", None, None),
    ]
    report = handover_report(WANTED, handed, settings=settings)
    assert report.rows() == [  # wanted = by it + by an earlier one + by none
        ("risk", True, 1, 1, 0, 0),
        ("offer", True, 2, 1, 1, 0),
        ("chance", True, 2, 1, 1, 0),
    ]


def test_the_order_of_the_hand_over_can_be_set_and_leaves_out_who_is_not_named() -> None:
    settings = radar_settings(handover={"strategies": ["chance", "risk"]})
    handed = crm_handover(WANTED, settings=settings, handed_over_on=NIGHT)
    assert handed.select("strategy", "user_id", "also_wanted_by").rows() == [
        ("chance", 1, "risk"), ("chance", 4, None),
    ]  # fmt: skip
    assert handover_report(WANTED, handed, settings=settings).rows() == [
        ("risk", True, 1, 0, 1, 0),
        ("offer", False, 2, 0, 1, 1),
        ("chance", True, 2, 2, 0, 0),
    ]
    with pytest.raises(ValueError, match="names 'nobody', which is no strategy"):
        radar_settings(handover={"strategies": ["nobody"]})


def test_the_check_sees_a_person_twice_and_one_whom_nobody_contacts() -> None:
    handed = crm_handover(WANTED, settings=radar_settings(), handed_over_on=NIGHT)
    assert handed_over_wrongly(handed, WANTED).is_empty()
    assert handed_over_wrongly(pl.concat([handed, handed.head(1)]), WANTED).height == 2
    held_out = handed.head(1).with_columns(user_id=pl.lit(2, pl.Int64))
    assert handed_over_wrongly(held_out, WANTED)["user_id"].to_list() == [2]


def test_attributes_are_columns_of_the_file_and_of_its_schema(tmp_path: Path) -> None:
    handed = crm_handover(WANTED, settings=radar_settings(), handed_over_on=NIGHT)
    facts = pl.DataFrame(
        [
            ("user", "1", "country", "SE", None, datetime(2024, 1, 1), 0),
            ("user", "1", "country", "NO", None, datetime(2024, 4, 1), 1),  # not known yet
            ("user", "3", "rank", "=gold", None, None, 2),
        ],
        schema=no_attributes().schema,
        orient="row",
    )
    names = ["country", "rank"]
    known = handover_attributes(handed, facts, names, at=datetime(2024, 3, 1))
    assert known.rows() == [(1, "country", "SE"), (3, "rank", "=gold")]
    rows = pl.read_csv(export_handover(handed, known, names, target=tmp_path / "list.csv"))
    assert rows.select("user_id", "country", "attribute_rank").rows() == [
        (1, "SE", None), (3, None, "'=gold"), (4, None, None),  # harmless in a spreadsheet
    ]  # fmt: skip
    schema = json.loads(
        export_handover_schema(names, ids=IDS, target=tmp_path / "list.json").read_text()
    )
    assert list(schema["properties"]) == rows.columns == schema["required"]


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A night on whose lists 1, 2 and 3 were to be contacted, and 9 was held out."""
    draws = [(1, "contact"), (2, "contact"), (3, "contact"), (9, "holdout")]
    rows = pl.DataFrame(draws, schema=["user_id", "arm"], orient="row").with_columns(
        strategy=pl.lit("risk"),
        action=pl.when(pl.col("arm") == "contact")
        .then(pl.lit("contact"))
        .otherwise(pl.lit("no_contact")),
        propensity=0.9, assigned_on=NIGHT, rank=pl.int_range(1, 5), churn_probability=0.5,
        revenue_at_risk=1.0, unit=pl.lit("index"),
    )  # fmt: skip
    append_days(tmp_path / "history", ASSIGNMENT_DAYS, rows, published_for=NIGHT, ids=IDS)
    return tmp_path / "history"


def read(
    history: Path, text: str, *, name: str = "report.csv", settings: TakenSettings | None = None,
    **more: Any,
) -> Taken:  # fmt: skip
    file = history.parent / name
    file.write_text(text)
    report = Report(file, settings or TakenSettings(), **more)
    return take(report, history=history, place=Place(history.parent), ids=IDS, zone="UTC")


HEAD = "user_id,handed_over_on,status\n"
FIRST = (
    f"{HEAD}1,2024-03-01,sent\n1,2024-03-01,Clicked\n 02,2024-03-01,bounced\n9,2024-03-01,sent\n"
)


def test_what_was_sent_bounced_and_answered_is_kept(history: Path) -> None:
    done = read(history, FIRST)
    assert (done.n_rows, done.n_new, done.n_intended, done.n_reported) == (4, 4, 3, 2)
    assert done.by_status == {"sent": 2, "bounced": 1, "answered": 1, "not_sent": 0}
    assert (done.n_reached, done.n_held_out) == (2, 1)  # 1 and 9, who was held out
    kept = kept_taken(history, user_type=pl.Int64)
    assert kept.select("user_id", "status", "arm").rows() == [
        (1, "answered", "contact"), (1, "sent", "contact"), (2, "bounced", "contact"),
        (9, "sent", "holdout"),
    ]  # fmt: skip
    assert made_contacts(kept).rows() == [(1, NIGHT, True), (2, NIGHT, False), (9, NIGHT, True)]
    assert kept_taken(history, user_type=pl.Int64, before=NIGHT).is_empty()
    more = read(history, f"{HEAD}1,2024-03-01,sent\n3,2024-03-01,skipped\n", name="more.csv")
    assert (more.n_rows, more.n_new) == (2, 1)
    assert len(day_files(history, TAKEN_DAYS)) == 2  # nothing that is written is changed


def test_of_a_night_with_a_hand_over_who_was_handed_over_was_meant(history: Path) -> None:
    handed = crm_handover(
        targets(("risk", 1, 1, "contact"), ("risk", 3, 2, "contact")),
        settings=radar_settings(),
        handed_over_on=NIGHT,
    )
    append_days(history, HANDED_DAYS, handed, published_for=NIGHT, ids=IDS)
    done = read(history, FIRST)  # 2 was drawn, and left to nobody
    assert (done.n_intended, done.n_reported) == (2, 1)


REFUSED = {
    "column": ("user,night,status\n1,2024-03-01,sent\n", "no column"),
    "empty": (HEAD, "holds no row"),
    "unknown ids": (
        f"{HEAD}1,2024-03-01,sent\n7,2024-03-01,sent\n8,2024-03-01,sent\n",
        "2 of 3 rows name people who were on no list of their night (first: '7', '8')",
    ),
    "another list": (f"{HEAD}a7,2024-03-01,sent\n", "Is it another list"),
    "twice": (
        f"{HEAD}1,2024-03-01,sent\n1,2024-03-01,sent\n1,2024-03-01,delivered\n",
        "2 of 3 rows are there twice (first: user 1, night 2024-03-01, sent)",
    ),
    "never published": (
        f"{HEAD}1,2024-03-01,sent\n1,2024-03-02,sent\n",
        "1 of 2 rows are of 1 nights that were never published (first: 2024-03-02; the last one",
    ),
    "status": (f"{HEAD}1,2024-03-01,sent\n2,2024-03-01,gone\n", "1 of 2 rows have a status"),
    "blank": (f"{HEAD},2024-03-01,sent\n", "1 of 1 rows name no person"),
    "day": (f"{HEAD}1,yesterday,sent\n", "1 of 1 rows hold no day or time in"),
    "german day": (f"{HEAD}1,31.03.2024,sent\n", 'Set `timestamp_format: "%d.%m.%Y"`'),
}


@pytest.mark.parametrize("case", sorted(REFUSED))
def test_a_file_that_does_not_fit_is_refused_in_one_sentence(history: Path, case: str) -> None:
    text, told = REFUSED[case]
    with pytest.raises(SourceError) as refused:
        read(history, text)
    assert told in str(refused.value)
    assert not day_files(history, TAKEN_DAYS)


def test_the_same_file_is_not_read_a_second_time(history: Path) -> None:
    read(history, FIRST)
    with pytest.raises(SourceError, match=r"all 4 rows were read before \(as report.csv\)"):
        read(history, FIRST, name="again.csv")
    with pytest.raises(SourceError, match=r"all 1 rows were read before \(from other files\)"):
        read(history, f"{HEAD}1,2024-03-01,sent\n", name="part.csv")


def test_unknown_people_are_left_out_when_asked_and_the_night_may_be_named(history: Path) -> None:
    settings = TakenSettings(assigned_on=None, delimiter=";")
    text = "user_id;status\n1;sent\n7;sent\n"
    with pytest.raises(SourceError, match="no column says which night"):
        read(history, text, settings=settings)
    done = read(history, text, settings=settings, night=NIGHT, leave_out_unknown=True)
    assert (done.n_rows, done.n_new, done.n_unknown) == (2, 1, 1)


def test_caps_count_what_was_made_and_what_nobody_reported() -> None:
    made = pl.DataFrame(
        {
            "user_id": [1, 2, 4],
            "contacted_on": [NIGHT, NIGHT, date(2023, 1, 1)],
            "is_made": [False, True, True],
        }
    )
    log = pl.DataFrame({"contacted_on": [NIGHT, NIGHT], "user_id": [1, 3]})
    assert as_reported(log, made.head(2)).sort("user_id")["user_id"].to_list() == [2, 3]
    people = pl.DataFrame({"user_id": [1, 2, 3, 4], "is_at_risk_population": True})
    contacts = log.select("contacted_on", listed_id=pl.col("user_id").cast(pl.String))
    settings = radar_settings(holdout_share=0.0)
    excluded = intervention_exclusions(
        people, settings=settings, lists=UserLists(contacts=contacts), as_of=NEXT, made=made
    )
    assert excluded.select("user_id", "exclusion").rows() == [  # 4: long ago
        (2, "contacted_recently"), (3, "contacted_recently"),
    ]  # fmt: skip


def test_the_trial_says_how_many_of_the_treated_were_reached() -> None:
    trial = pl.DataFrame(
        {"user_id": [1, 2, 3, 9, 5], "assigned_on": [NIGHT] * 4 + [NEXT],
         "is_treated": [True, True, True, False, True]}
    )  # fmt: skip
    taken = pl.DataFrame(
        {"user_id": [1, 2], "assigned_on": [NIGHT, NIGHT], "status": ["sent", "bounced"]}
    )
    report = pl.DataFrame({"verdict": ["no effect shown"]})
    columns = ["n_treated_reported", "n_treated_sent"]
    seen = with_reported(report, trial, taken)
    assert seen.select(columns).rows() == [(3, 1)]  # night of 5: nothing was read back
    assert with_reported(report, trial, taken.clear()).select(columns).rows() == [(0, 0)]


def test_the_command_reads_a_file_into_the_history(
    history: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = history.parent
    (home / "data").mkdir()
    history.rename(home / "data" / "history")
    (home / "ntg.yaml").write_text("ingest: {events: {files: [log.csv], user_id_type: integer}}\n")
    (home / "report.csv").write_text(FIRST)
    monkeypatch.setenv("NTG_HOME", str(home))
    monkeypatch.chdir(home)
    call = ["contacts", "taken", "report.csv", "--config", str(home / "ntg.yaml")]
    done = CliRunner().invoke(app, [*call, "--json"], catch_exceptions=False)
    assert json.loads(done.output)["n_reached"] == 2
    (home / "next.csv").write_text(f"{HEAD}3,2024-03-01,sent\n")
    call[2] = "next.csv"
    told = CliRunner().invoke(app, call, catch_exceptions=False).output
    assert "next.csv: 1 of 1 rows are new" in told
    assert "1 of 3 people whom 1 night(s) meant to contact are reported" in told

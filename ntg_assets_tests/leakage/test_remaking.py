"""The audit that re-makes: the real assets make the same of the planted world whatever its future,
and a leak shows in the table and column that it reaches.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import ntg_assets.churn.walk_forward
import ntg_assets.ranking.learning.inner_examples
from ntg_assets.configuration.settings import Settings, load_settings
from ntg_assets.errors import LeakageError, UndeclaredReadError
from ntg_assets.evaluation.leakage import futures, remaking
from ntg_assets.evaluation.leakage.audit import (
    _from_the_cut,
    _in_this_process,
    audit_by_remaking,
)
from ntg_assets.evaluation.leakage.clocks import CLOCKED
from ntg_assets.evaluation.leakage.findings import (
    CAN_BE_MADE,
    CUT,
    END,
    LATER,
    NIGHT,
    ORIGIN,
    Finding,
)
from ntg_assets.evaluation.leakage.from_origins import ORIGINS, from_origins
from ntg_assets.evaluation.leakage.from_other_nights import from_another_night, from_later_nights
from ntg_assets.evaluation.leakage.planted_world.log import TRAIN_HORIZONS
from ntg_assets.evaluation.leakage.planted_world.types import no_rows
from ntg_assets.evaluation.leakage.planted_world.world import World, planted_world
from ntg_assets.evaluation.leakage.rehearsal_settings import rehearsal_settings
from ntg_assets.evaluation.leakage.worlds_remade import Makers
from ntg_assets.interactions.interactions import code_interactions
from ntg_assets.kept_calls import keep_calls
from ntg_assets.ranking.learning.inner_cut import InnerSlice, inner_slices
from ntg_assets.ranking.scoring.sources import graphs_of
from ntg_assets.subscriptions.terms.known_terms import known_terms
from ntg_assets.taste.taste_graph import graph_of

ROOT = Path(__file__).parents[2]
Made = Mapping[str, pl.DataFrame]


# what no back-test has: compared with other nights, handed over, learned from
ONLY_AT_NIGHT = {
    "feature_drift",
    "radar_segments",
    "crm_handover",
    "handover_report",
    "handover_attributes",
    "expected_quality",
    "learning_boundaries",
    "learning_events",
    "learning_days",
    "learning_snapshots",
}


@pytest.fixture(scope="module")
def settings() -> Settings:
    return rehearsal_settings(load_settings(ROOT / "configs" / "dev.yaml", home=ROOT))


@pytest.fixture(scope="module")
def world(settings: Settings) -> World:
    return planted_world(settings.churn.horizon_days)


@pytest.fixture(scope="module")
def verdict(settings: Settings) -> pl.DataFrame:
    return remaking.find_verdict(settings)


def remake_with(settings: Settings) -> Callable[[World, Collection[str]], Made]:
    return partial(remaking.remake, settings=settings)


@pytest.mark.slow
def test_nothing_that_the_shipped_code_makes_depends_on_the_future(verdict: pl.DataFrame) -> None:
    assert verdict.filter(pl.col("n_violations") > 0).rows() == []
    asked = verdict.group_by("rule").len().sort("rule")
    assert dict(asked.iter_rows()) == {
        END: len(remaking.audited_tables()),
        CUT: 1,
        ORIGIN: len(CLOCKED),
        NIGHT: 1,
        LATER: len(ONLY_AT_NIGHT),
    }
    assert len(remaking.audited_tables()) > 40
    later = verdict.filter(pl.col("rule") == LATER)["table_name"]
    assert set(later) == ONLY_AT_NIGHT


@pytest.mark.slow
def test_what_another_past_does_not_move_is_named(verdict: pl.DataFrame) -> None:
    assert verdict.filter(pl.col("rule") == CAN_BE_MADE).rows() == []
    told = dict(verdict.filter(pl.col("rule") == END).select("table_name", "detail").iter_rows())
    assert told["user_features"] is None  # every column moves
    assert "does not move it: entity, table_name, feature" in told["feature_manifest"]
    nothing = verdict.filter(pl.col("rule") == END, pl.col("n_rows") == 0)
    reasons = dict(nothing.select("table_name", "detail").iter_rows())
    assert set(reasons) == {"capped_days", "contact_holds", "price_steps"}
    assert "no rows (value.basis does not count the amounts" in reasons["capped_days"]
    whole = [table for table in told if told[table] is None]
    assert {"train_events", "churn_scores", "recommendations", "revenue_risk_radar"} <= set(whole)
    beside_the_log = {"contract_snapshots", "contract_walk_forward", "return_snapshots"}
    facts = {"user_regions", "regional_exclusions", "unavailable_items", "contract_acquisition"}
    assert beside_the_log | facts | {"uplift_estimates", "contact_rules"} <= set(whole)


@pytest.mark.slow
def test_weights_are_learned_there(settings: Settings, world: World) -> None:
    weights = remake_with(settings)(world, ["ranking_weights"])["ranking_weights"]
    assert set(weights["status"]) == {"learned"}


@pytest.mark.slow
def test_hazards_are_learned_of_people_there_and_every_walk_forward_has_origins(
    settings: Settings, world: World
) -> None:
    made = remake_with(settings)(world, ["contract_hazards", *ORIGINS])
    features = made["contract_hazards"]["feature"]
    assert {"channel=search", "log_failed_payments", "signal:finished"} <= set(features)
    assert all(made[table]["origin_on"].n_unique() > 2 for table in ORIGINS)


def test_what_became_known_before_an_instant_stays_and_all_else_is_another(world: World) -> None:
    at = world.train_end
    day = world.day(TRAIN_HORIZONS)
    for future in (futures.stirred, futures.deleted):
        other = future(world, at).known
        for name, column, begins in (
            ("payments", "happened_on", day),
            ("attributes", "known_from_at", at),
        ):
            rows, again = (getattr(one, name).drop("place") for one in (world.known, other))
            before = pl.col(column) < begins
            assert again.filter(before).equals(rows.filter(before))
            assert not again.filter(~before).equals(rows.filter(~before))
    true, stirred = (
        known_terms(known.terms, cutoff_on=day, longest_gap_days=1)
        for known in (world.known, futures.stirred(world, at).known)
    )
    assert stirred.equals(true)
    ends = stirred_ends(futures.stirred(world, at).known.terms, day)
    assert ends > 60  # contracts that ended the day before, and nobody knew


def stirred_ends(terms: pl.DataFrame, day: date) -> int:
    return terms.filter(pl.col("ended_on") < day, pl.col("end_known_on") >= day).height


def test_a_table_without_rows_says_why() -> None:
    empty = Finding("capped_days", END, 0, not_audited=("user_id", "active_on"))
    assert empty.as_row()[-1] == (
        "not audited, for there are no rows (value.basis does not count the amounts of events):"
        " user_id, active_on"
    )
    unmoved = Finding("default_list", END, 9, not_audited=("rank",))
    assert unmoved.as_row()[-1] == "not audited, for another past does not move it: rank"


@pytest.mark.parametrize("future", [futures.rewritten, futures.added, futures.deleted])
def test_a_future_leaves_the_past_and_the_end_of_the_log_as_they_were(
    world: World, future: Callable[[World, Any], World]
) -> None:
    other = future(world, world.train_end)
    before = pl.col("event_at") < world.train_end
    assert other.events.filter(before).equals(world.events.filter(before))
    assert not other.events.equals(world.events)
    ends = [one.events.select(pl.col("event_at").max()).item() for one in (world, other)]
    assert ends[0] < ends[1] if future is futures.added else ends[0] == ends[1]


def test_the_future_of_a_cut_keeps_its_labels_and_changes_all_else(
    settings: Settings, world: World
) -> None:
    train = world.events.filter(pl.col("event_at") < world.train_end)
    cut = next(inner_slices(train, strategy="global_time", settings=settings.ranking))
    other = futures.same_labels(world, cut.cutoff_at)
    again = next(
        inner_slices(
            other.events.filter(pl.col("event_at") < world.train_end),
            strategy="global_time",
            settings=settings.ranking,
        )
    )
    assert again.cutoff_at == cut.cutoff_at
    assert labels(again) == labels(cut)
    assert len(labels(cut)) > 50
    assert again.labels["value"].mean() != cut.labels["value"].mean()
    assert set(again.labels["user_id"]) != set(cut.labels["user_id"])


def labels(cut: InnerSlice) -> set[tuple[int, int]]:
    pairs = ["user_id", "item_id"]
    known = cut.labels.join(cut.history.select("user_id").unique(), on="user_id", how="semi")
    return set(known.join(cut.history, on=pairs, how="anti").select(pairs).iter_rows())


@pytest.mark.slow
def test_a_model_of_later_windows_shows_at_the_origin(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ntg_assets.churn.walk_forward
    closed_before = module.closed_before

    def with_open_windows(rows: pl.DataFrame, at: date) -> pl.DataFrame:
        closed = closed_before(rows, at)
        is_origin = closed.height >= module.MIN_FIT_ROWS
        return rows.filter(pl.col("snapshot_on") <= at) if is_origin else closed

    monkeypatch.setattr(module, "closed_before", with_open_windows)
    remake = remake_with(settings)
    made = remake(world, ["churn_forecasts", "churn_recalibration"])
    found = {one.table: one for one in from_origins(remake, world, made)}
    assert found["churn_walk_forward"].differences[0][1].column == "churn_logit"
    assert "churn_walk_forward.churn_logit differs in" in str(
        found["churn_walk_forward"].as_row()[-1]
    )
    assert found["churn_labels"].differences == ()


@pytest.mark.slow
def test_a_graph_of_the_label_events_shows_at_the_cut(
    settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = ntg_assets.ranking.learning.inner_examples
    whole = code_interactions(world.events.filter(pl.col("event_at") < world.train_end))

    def made_of_all(log: Any, *, taste: Any, seed: int) -> dict[str, pl.DataFrame]:
        return {
            **graphs_of(log, taste=taste, seed=seed),
            "taste": graph_of(whole, settings=taste).edges,
        }

    monkeypatch.setitem(module.collect_examples.__kwdefaults__ or {}, "make_graphs", made_of_all)
    remake = remake_with(settings)

    def with_that(asked: World, tables: Collection[str]) -> Made:
        nonlocal whole
        train = asked.events.filter(pl.col("event_at") < asked.train_end)
        whole = code_interactions(train)
        return remake(asked, tables)

    found = _from_the_cut(with_that, world, with_that(world, ["ranking_weights"]), settings)
    assert {one.column for _, one in found.differences} >= {"weight"}


def test_what_another_night_left_shows_in_the_table_that_it_reaches() -> None:
    made = {"user_features": pl.DataFrame({"user_id": [1, 2], "n_events": [3, 4]})}
    other = {"user_features": pl.DataFrame({"user_id": [1, 2], "n_events": [3, 5]})}
    told = [[*finding.as_row()] for finding in from_another_night(made, other, [*made])]
    assert told[0][:4] == ["user_features", NIGHT, 2, 1]
    assert "user_features.n_events differs in 1 rows" in str(told[0][4])
    (broken,) = from_another_night(made, LeakageError("no such item"), [*made])
    assert broken.as_row()[3] == 1
    (whole,) = from_another_night(made, made, [*made])
    assert whole.as_row() == ("planted_world", NIGHT, 2, 0, None)


def test_what_differs_after_another_night_is_made_here_to_tell_it_from_the_future(
    world: World,
) -> None:
    made = {"user_days": pl.DataFrame({"user_id": [1], "active_on": [date(2020, 1, 1)]})}
    other = {"user_days": made["user_days"].with_columns(pl.col("user_id") + 1)}
    asked: list[World] = []

    def here(again: Made) -> Callable[..., Made]:
        def remake(world: World, *_: object, **__: object) -> Made:
            asked.append(world)
            return again

        return remake

    tables = ["user_days"]
    assert _in_this_process(here(other), world, made, made, tables) is made
    assert asked == []  # nothing differs: nothing is made twice
    by_night = _in_this_process(here(made), world, made, other, tables)
    assert by_night is made
    assert [one.table for one in from_another_night(by_night, other, tables)] == [
        "user_days",
        "planted_world",
    ]
    by_future = _in_this_process(here(other), world, made, other, tables)
    assert by_future is other
    assert [one.n_rows for one in from_another_night(by_future, other, tables)] == [1]
    assert [one.events.equals(world.events) for one in asked] == [False, False]
    failed = _in_this_process(here(made), world, made, LeakageError("no"), tables)
    assert failed is made  # the future is asked even where the night cannot be made


def test_fits_are_kept_for_another_future_after_train_and_for_no_other_world(
    settings: Settings,
) -> None:
    fitted, made_of = [], []

    @keep_calls
    def fit(rows: pl.DataFrame) -> pl.DataFrame:
        fitted.append(rows)
        return rows

    def remake(asked: World, tables: Collection[str], **_: object) -> Made:
        made_of.append(asked)
        fit(asked.events.filter(pl.col("event_at") < asked.train_end).select("user_id"))
        return {table: no_rows(table) for table in tables}

    tables = ["ranking_weights", "user_days"]
    night = {table: no_rows(table) for table in tables}
    makers = Makers(remake, lambda *_, **__: {}, lambda: (night, night))  # type: ignore[arg-type]  # asked of nothing
    audit_by_remaking(makers, tables, settings=settings)
    # the true world and its other future, three of a crowd, that of the cut: only the second one
    # has what the first one was fitted on, and may take it
    assert len(made_of) == 2 + 3 + 1
    assert len(fitted) == len(made_of) - 1


def test_later_nights_show_and_earlier_ones_are_the_control(world: World) -> None:
    ends = world.train_end.date()

    def tonight(world: World, _: Made, **_like: object) -> Made:
        segments = world.left.segments
        earlier = segments.filter(pl.col("as_of_on") < ends)
        return {
            "radar_segments": segments.select("dimension", "segment", "n_users").head(1),
            "feature_drift": pl.DataFrame({"entity": ["user"], "feature": ["a"], "psi": [0.0]}),
            "crm_handover": earlier.select(pl.len().alias("user_id")),
        }

    def careless(world: World, _: Made, **_like: object) -> Made:
        last = world.left.segments.sort("as_of_on").tail(1)
        return {"radar_segments": last.select("dimension", "segment", "n_users")}

    found = {one.table: one for one in from_later_nights(tonight, world, {})}
    assert [one.differences for one in found.values()] == [(), (), ()]
    assert found["radar_segments"].not_audited == ()
    assert found["feature_drift"].not_audited == ("all",)  # other earlier nights do not move it
    (leak,) = from_later_nights(careless, world, {})
    assert [one.column for _, one in leak.differences] == ["n_users"]


def test_what_cannot_be_made_is_said_and_what_is_read_undeclared_blocks(
    settings: Settings,
) -> None:
    def breaks(error: Exception) -> Makers:
        def remake(*_: object, **__: object) -> Any:
            raise error

        return Makers(remake, remake, remake)

    told = audit_by_remaking(breaks(ValueError("no")), ["user_days"], settings=settings)
    assert told.row(0) == (
        "planted_world",
        CAN_BE_MADE,
        0,
        0,
        "not audited: ValueError: no (not foreseen)",
    )
    stopped = audit_by_remaking(breaks(UndeclaredReadError("x reads y")), [], settings=settings)
    assert stopped["n_violations"].to_list() == [1]

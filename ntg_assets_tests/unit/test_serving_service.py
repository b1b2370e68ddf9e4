import asyncio
import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

import polars as pl
import pytest
import uvicorn

from ntg_assets.cli.ports import listen
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.rules import RulesSettings
from ntg_assets.errors import ConfigurationError, StorageError
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.serving.generations import Generations
from ntg_assets.serving.messages import MOST_BODY_BYTES, MOST_PLACES
from ntg_assets.serving.service import make_service
from ntg_assets.storage.connection import connect
from ntg_assets_tests.publications import publish_world, settings_of
from ntg_assets_tests.ranking_world import RANKING, World, communities, make_world

CUTOFF = datetime(2024, 5, 1)
LOG = communities(3)
ITEMS = pl.DataFrame(
    {"item_id": [1], "title": ["One"], "categories": pl.Series([None], dtype=pl.String)}
)
CATEGORIES = pl.DataFrame({"item_id": range(1, 37)}).with_columns(
    category=pl.concat_str(pl.lit("group "), (pl.col("item_id") - 1) % 3),
    position=pl.lit(1, pl.Int64),
)
RULES = RulesSettings.model_validate(
    {"every_category_at_most": 2, "freshness": {"within_days": 110, "at_least": 1}}
)
PATIENCE_SECONDS = 30  # a bound for a service that hangs, not a claim about speed

Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(
        LOG,
        CUTOFF,
        ranking=RANKING.model_copy(update={"rules": RULES}),
        titles=ITEMS,
        categories=CATEGORIES,
    )


def publish(world: World, folder: Path, *, generation: str = "first") -> Paths:
    return publish_world(
        world,
        LOG,
        folder,
        cutoff_at=CUTOFF,
        items=ITEMS,
        item_categories=CATEGORIES,
        generation=generation,
    )


@contextmanager
def served(generations: Generations) -> Iterator[Ask]:
    """Run the service on a free port and offer a function that asks it."""
    listening = listen(0)
    port = listening.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(make_service(generations, reload_seconds=0.1), log_config=None)
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()

    def ask(
        path: str, *, method: str = "GET", body: str | None = None, host: str = "127.0.0.1"
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, path, body=body, headers={"Host": host})
            answer = connection.getresponse()
            return answer.status, (
                json.loads(answer.read())
                if answer.headers["content-type"] == "application/json"
                else None
            )
        finally:
            connection.close()

    try:
        yield ask
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        listening.close()
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def ask(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    paths = publish(world, tmp_path_factory.mktemp("published"))
    with served(Generations(settings_of(world), paths)) as asking:
        yield asking


def nightly(world: World, user: int) -> list[dict[str, Any]]:
    return (
        world.tables["recommendations"].filter(pl.col("user_id") == user).drop("user_id").to_dicts()
    )


def test_lists_over_http_are_those_of_the_night_to_the_bit(ask: Ask, world: World) -> None:
    for user in range(1, 61):
        status, answer = ask(f"/users/{user}/recommendations")
        assert (status, answer["kind"], answer["generation"], answer["user_id"]) == (
            200,
            "personal",
            "first",
            user,
        )
        assert answer["items"] == nightly(world, user)


@pytest.mark.slow
def test_requests_at_the_same_time_do_not_disturb_each_other(ask: Ask, world: World) -> None:
    users = [1 + position % 60 for position in range(240)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda user: ask(f"/users/{user}/recommendations")[1]["items"], users)
        )
    assert answers == [nightly(world, user) for user in users]


def test_a_given_history_is_answered_like_the_user_who_has_it(ask: Ask, world: World) -> None:
    history = LOG.filter(pl.col("user_id") == 5).sort("event_at")
    timed = [
        {"item_id": item, "event_at": at.isoformat()}
        for item, at in history.select("item_id", "event_at").iter_rows()
    ]
    in_order = [{"item_id": str(item)} for item in history["item_id"]]
    wanted = [(row["rank"], row["item_id"], row["score"]) for row in nightly(world, 5)]
    for events in (
        timed,
        [{**event, "event_at": event["event_at"] + "Z"} for event in timed],
        in_order,
    ):
        status, answer = ask(
            "/recommendations", method="POST", body=json.dumps({"events": events, "k": 5})
        )
        assert status == 200
        assert [(row["rank"], row["item_id"], row["score"]) for row in answer["items"]] == wanted
        assert {row["recommendation_id"] for row in answer["items"]} == {None}


def test_who_is_not_known_gets_the_default_list(ask: Ask, world: World) -> None:
    expected = world.tables["default_list"].head(3)["item_id"].to_list()
    for nobody in (0, 999):
        status, answer = ask(f"/users/{nobody}/recommendations?k=3")
        assert (status, answer["kind"]) == (200, "default")
        assert [row["item_id"] for row in answer["items"]] == expected
    status, answer = ask(
        "/recommendations", method="POST", body='{"events": [{"item_id": 777}], "k": 3}'
    )
    assert (status, answer["kind"], answer["n_unknown_items"]) == (200, "default", 1)
    assert [row["item_id"] for row in answer["items"]] == expected


def test_ids_may_be_any_text(tmp_path: Path) -> None:
    odd = LOG.with_columns(
        pl.format('{}/é "🎬" \'%', "user_id").alias("user_id"),
        pl.format("{} & ?", "item_id").alias("item_id"),
    )
    items = pl.DataFrame(
        {"item_id": ["1 & ?"], "title": ["One"], "categories": pl.Series([None], dtype=pl.String)}
    )
    world = make_world(odd, CUTOFF, titles=items)
    paths = publish_world(
        world, odd, tmp_path, cutoff_at=CUTOFF, items=items, item_categories=CATEGORIES.clear()
    )
    settings = settings_of(world)
    texts = settings.ingest.events.model_copy(
        update={"user_id_type": "string", "item_id_type": "string"}
    )
    with served(
        Generations(
            settings.model_copy(
                update={"ingest": settings.ingest.model_copy(update={"events": texts})}
            ),
            paths,
        )
    ) as asking:
        user = '7/é "🎬" \'%'
        status, answer = asking(f"/users/{quote(user, safe='')}/recommendations")
        assert (status, answer["user_id"], answer["kind"]) == (200, user, "personal")
        assert (
            answer["items"]
            == world.tables["recommendations"]
            .filter(pl.col("user_id") == user)
            .drop("user_id")
            .to_dicts()
        )
        body = json.dumps({"events": [{"item_id": "3 & ?"}, {"item_id": 4}]})
        assert asking("/recommendations", method="POST", body=body)[1]["n_unknown_items"] == 1
        half = asking(
            "/recommendations", method="POST", body='{"events": [{"item_id": "\\ud800"}]}'
        )
        assert half[0] == 422
        assert "a lone surrogate" in half[1]["error"] or "item_id" in half[1]["error"]


def test_a_shorter_list_is_the_beginning_of_the_longer(ask: Ask, world: World) -> None:
    assert ask("/users/7/recommendations?k=2")[1]["items"] == nightly(world, 7)[:2]


def test_health_names_generation_and_cutoff(ask: Ask) -> None:
    status, answer = ask("/health")
    assert status == 200
    assert {
        name: answer[name] for name in ("status", "generation", "as_of", "n_users", "n_items")
    } == {
        "status": "ok",
        "generation": "first",
        "as_of": "2024-05-01T00:00:00",
        "n_users": 60,
        "n_items": 36,
    }
    assert answer["configuration_matches"] is False  # the store of this test was made by no run


@pytest.mark.parametrize(
    ("path", "method", "body", "status", "told"),
    [
        (
            "/users/Ann/recommendations",
            "GET",
            None,
            422,
            "user 'Ann': the ids of this log are integers.",
        ),
        (f"/users/{10**30}/recommendations", "GET", None, 422, "the ids of this log are integers."),
        (
            "/users/1/recommendations?k=0",
            "GET",
            None,
            422,
            "k: Input should be greater than or equal to 1.",
        ),
        (
            f"/users/1/recommendations?k={MOST_PLACES + 1}",
            "GET",
            None,
            422,
            f"k: Input should be less than or equal to {MOST_PLACES}.",
        ),
        ("/users/1/recommendations?k=many", "GET", None, 422, "k: Input should be a valid integer"),
        ("/users/1/recommendations?K=5", "GET", None, 422, "K: Extra inputs are not permitted."),
        ("/recommendations", "POST", "{", 400, "the request is not JSON"),
        ("/recommendations", "POST", "[" * 200_000, 400, "the request is nested too deeply."),
        ("/recommendations", "POST", "[]", 422, "the request is no JSON object. Send {"),
        (
            "/recommendations",
            "POST",
            '{"events": [{"item_id": 1}], "k": true}',
            422,
            "k: Input should be a valid integer",
        ),
        ("/recommendations", "POST", "{}", 422, "events: Field required."),
        (
            "/recommendations",
            "POST",
            '{"events": []}',
            422,
            "events: List should have at least 1 item",
        ),
        (
            "/recommendations",
            "POST",
            '{"events": [{"item_id": "x"}]}',
            422,
            "item 'x': the ids of this log are integers.",
        ),
        (
            "/recommendations",
            "POST",
            '{"events": [{"item_id": 1, "weight": 2}]}',
            422,
            "events.0.weight: Extra inputs are not permitted.",
        ),
        (
            "/recommendations",
            "POST",
            '{"events": [{"item_id": 1, "event_at": "0001-01-01"}]}',
            422,
            "the year 1 is not between",
        ),
        (
            "/recommendations",
            "POST",
            '{"events": [{"item_id": 1}, {"item_id": 2, "event_at": "2024-01-01"}]}',
            422,
            "1 of 2 events have an event_at.",
        ),
        ("/recommendations", "POST", " " * (MOST_BODY_BYTES + 1), 413, "Send a shorter history."),
        ("/recommendations", "GET", None, 405, "GET is not answered at /recommendations."),
        ("/nothing", "GET", None, 404, "no such path: /nothing. Known: /health"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(
    ask: Ask, path: str, method: str, body: str | None, status: int, told: str
) -> None:
    found, answer = ask(path, method=method, body=body)
    assert found == status
    assert told in answer["error"]
    assert answer.keys() == {"error"}


def test_a_page_under_another_name_is_not_answered(ask: Ask) -> None:
    assert ask("/health", host="somewhere.example") == (400, None)


@pytest.mark.slow
def test_a_new_generation_is_taken_up_while_requests_go_on(world: World, tmp_path: Path) -> None:
    paths = publish(world, tmp_path)
    fewer = LOG.filter(pl.col("item_id") != nightly(world, 1)[0]["item_id"])
    second = make_world(
        fewer,
        CUTOFF,
        ranking=RANKING.model_copy(update={"rules": RULES}),
        titles=ITEMS,
        categories=CATEGORIES,
    )
    lists = {"first": nightly(world, 2), "second": nightly(second, 2)}
    assert lists["first"] != lists["second"]
    with served(Generations(settings_of(world), paths)) as asking:
        publish_world(
            second,
            fewer,
            tmp_path,
            cutoff_at=CUTOFF,
            items=ITEMS,
            item_categories=CATEGORIES,
            generation="second",
        )
        seen, until = set(), monotonic() + PATIENCE_SECONDS
        while "second" not in seen and monotonic() < until:
            answer = asking("/users/2/recommendations")[1]
            seen.add(answer["generation"])
            assert answer["items"] == lists[answer["generation"]]  # never half of each
        assert "second" in seen
        assert asking("/health")[1]["status"] == "ok"


def test_a_publication_that_is_not_whole_is_not_taken_up(world: World, tmp_path: Path) -> None:
    paths = publish(world, tmp_path)
    generations = Generations(settings_of(world), paths)
    with served(generations) as asking:
        paths.manifest.write_text(
            paths.manifest.read_text()
            .replace('"first"', '"half"')
            .replace('"sha256": "', '"sha256": "0')
        )
        until = monotonic() + PATIENCE_SECONDS
        while generations.problem is None and monotonic() < until:
            sleep(0.05)
        answer = asking("/health")[1]
        assert (answer["status"], answer["generation"]) == ("stale", "first")
        assert "is not the file of generation half" in answer["problem"]
        assert asking("/users/2/recommendations")[0] == 200


def test_a_store_of_another_version_is_one_sentence(world: World, tmp_path: Path) -> None:
    paths = publish(world, tmp_path)
    with connect(paths.published_store) as store:
        store.execute("drop table live.item_rules")
    with pytest.raises(
        StorageError, match=r"was not published by this version .*item_rules.* Run `ntg run-all`"
    ):
        Recommender.load(paths.published_store, settings=world.model.settings)


def test_answers_are_sent_without_delay() -> None:
    with listen(0) as listening:
        # what asyncio looks at before it turns the delay off
        assert listening.proto == socket.IPPROTO_TCP


def test_nothing_published_and_a_taken_port_are_one_sentence(world: World, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing is published yet"):
        Generations(settings_of(world), Paths(home=tmp_path, workspace=tmp_path))
    with listen(0) as taken, pytest.raises(ConfigurationError, match="Choose another with --port"):
        listen(taken.getsockname()[1])

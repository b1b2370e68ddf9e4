"""The HTTP service: lists on demand from the published store, on this machine alone."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable

import anyio
import anyio.to_thread
from pydantic import BaseModel, ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ntg_assets.errors import NtgError
from ntg_assets.serving.answers import health, list_of_history, list_of_user, published_list
from ntg_assets.serving.generations import Generations
from ntg_assets.serving.messages import MOST_BODY_BYTES, GivenHistory, GivenQuery, Problem

OK, BAD_REQUEST, TOO_LARGE, NOT_VALID, FAILED = 200, 400, 413, 422, 500
JSON = "application/json"
# a page that a browser shows must not reach the service under another name
LOCAL_NAMES = ["127.0.0.1", "localhost"]
HINT = 'Send {"events": [{"item_id": ...}]}.'
WORKERS = 4  # requests computed at once; the rest wait

log = logging.getLogger(__name__)


def make_service(generations: Generations, *, reload_seconds: float = 5.0) -> Starlette:
    """Make the application.

    Args:
        generations: What is served.
        reload_seconds: How often the manifest is looked at for a new generation.
    """
    state = _Service(generations)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(_watch(generations, reload_seconds))
        try:
            yield
        finally:
            watching.cancel()

    return Starlette(
        routes=[
            Route("/health", state.health),
            Route("/users/{user_id:path}/recommendations", state.of_user),
            Route("/recommendations", state.of_history, methods=["POST"]),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=LOCAL_NAMES)],
        exception_handlers={
            HTTPException: _refused,
            NtgError: _not_valid,
            ValidationError: _not_valid,
            Exception: _failed,
        },
        lifespan=lifespan,
    )


class _Service:
    """The endpoints."""

    def __init__(self, generations: Generations) -> None:
        self.generations = generations
        self.id_type = generations.settings.ingest.events.user_id_type
        self.limiter: anyio.CapacityLimiter | None = None

    async def health(self, _: Request) -> Response:
        return _told(health(self.generations))

    async def of_user(self, request: Request) -> Response:
        generation, user = self.generations.current, request.path_params["user_id"]
        k = GivenQuery.model_validate(dict(request.query_params)).k
        if ready := published_list(generation, user, k=k, id_type=self.id_type):
            return Response(ready, media_type=JSON)
        return await self._computed(
            lambda: list_of_user(generation, user, k=k, id_type=self.id_type)
        )

    async def of_history(self, request: Request) -> Response:
        generation, given = (
            self.generations.current,
            GivenHistory.model_validate(_json(await _body(request))),
        )
        return await self._computed(lambda: list_of_history(generation, given))

    async def _computed(self, answer: Callable[[], BaseModel]) -> Response:
        """Compute in a thread, so that the loop goes on answering."""
        self.limiter = self.limiter or anyio.CapacityLimiter(WORKERS)
        return await anyio.to_thread.run_sync(lambda: _told(answer()), limiter=self.limiter)


async def _watch(generations: Generations, seconds: float) -> None:
    """Look for a new generation again and again; loading happens in a thread,
    and what is served goes on meanwhile.
    """
    while True:
        await asyncio.sleep(seconds)
        if await anyio.to_thread.run_sync(generations.refresh):
            log.info("serving generation %s", generations.current.name)


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BODY_BYTES:
            raise HTTPException(
                TOO_LARGE,
                f"the request has more than {MOST_BODY_BYTES:,} bytes. Send a shorter history.",
            )
        parts.append(part)
    return b"".join(parts)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except RecursionError:
        raise HTTPException(BAD_REQUEST, f"the request is nested too deeply. {HINT}") from None
    except ValueError as error:
        raise HTTPException(BAD_REQUEST, f"the request is not JSON ({error}). {HINT}") from None


def _told(answer: BaseModel, status: int = OK) -> Response:
    return Response(answer.model_dump_json(), status, media_type=JSON)


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else FAILED
    detail = error.detail if isinstance(error, HTTPException) else ""
    known = {
        404: (
            f"no such path: {request.url.path}. Known: /health, /users/ID/recommendations,"
            " /recommendations (POST)."
        ),
        405: f"{request.method} is not answered at {request.url.path}.",
    }
    return _told(Problem(error=known.get(status, detail)), status)


async def _not_valid(_: Request, error: Exception) -> Response:
    return _told(Problem(error=_sentence(error)), NOT_VALID)


def _sentence(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    if first["type"] == "model_type":
        return f"the request is no JSON object. {HINT}"
    where = ".".join(str(part) for part in first["loc"]) or "request"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"{where}: {first['msg'].removeprefix('Value error, ')}{more}."


async def _failed(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _told(
        Problem(error="the service could not compute an answer; its log says why."), FAILED
    )

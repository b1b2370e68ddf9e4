"""Answers of the service: a list of the night as it is, or one recommender call."""

import polars as pl

from ntg_assets.errors import NotEnoughDataError
from ntg_assets.ranking.lists.recommender import Recommender
from ntg_assets.serving.generations import Generation, Generations
from ntg_assets.serving.messages import GivenHistory, Health, Id, ListAnswer, ListedItem
from ntg_assets.serving.published import as_id

COLUMNS = tuple(ListedItem.model_fields)
NO_ITEMS = "[]}"  # how the JSON of an answer without items ends


def published_list(
    generation: Generation, asked: str, *, k: int | None, id_type: str
) -> bytes | None:
    """Answer with the list of the night, as JSON of a `ListAnswer`.

    Args:
        generation: What is served.
        asked: User, as the address spells the id.
        k: Length; none: as long as the list of the night.
        id_type: integer or string.

    Returns:
        None where the night made no such list: the user is unknown, the list longer than those of
        the night, or the publication of another configuration.
    """
    lists, user = generation.lists, as_id(asked, id_type)
    if lists is None or user is None:
        return None
    places = lists.places(user, k=lists.longest if k is None else k)
    if places is None:
        return None
    header = ListAnswer(
        generation=generation.name,
        as_of=generation.recommender.cutoff_at,
        user_id=user,
        kind="personal",
        items=[],
    )
    return header.model_dump_json().removesuffix(NO_ITEMS).encode() + b"[" + places + b"]}"


def list_of_user(generation: Generation, asked: str, *, k: int | None, id_type: str) -> ListAnswer:
    """Make the list of a user of the log; one whom the log does not know gets the default list.

    Args:
        generation: What is served.
        asked: User, as the address spells the id.
        k: Length; none: `ranking.top_k`.
        id_type: integer or string.
    """
    user = as_id(asked, id_type)
    if user is None:
        raise NotEnoughDataError(f"user {asked!r}: the ids of this log are integers.")
    rows = generation.recommender.recommend(user, k=k)
    return _answer(generation, rows, user_id=user)


def list_of_history(generation: Generation, given: GivenHistory) -> ListAnswer:
    """Make the list of somebody with a history given by hand."""
    recommender = generation.recommender
    items = pl.Series(
        "item_id",
        [_as_item(event.item_id, recommender) for event in given.events],
        dtype=recommender.model.items.dtype,
    )
    events = pl.DataFrame({"item_id": items})
    if given.events[0].event_at is not None:
        events = events.with_columns(
            event_at=pl.Series([event.at_utc for event in given.events], dtype=pl.Datetime("us"))
        )
    rows = recommender.recommend(events=events, k=given.k)
    n_unknown = int((~items.is_in(recommender.model.items.implode())).sum())
    return _answer(
        generation, rows.drop("recommendation_id", strict=False), n_unknown_items=n_unknown
    )


def health(generations: Generations) -> Health:
    """Say which generation is served."""
    generation, problem = generations.current, generations.problem
    recommender = generation.recommender
    return Health(
        status="ok" if problem is None else "stale",
        generation=generation.name,
        as_of=recommender.cutoff_at,
        n_users=recommender.log.n_users if recommender.log else 0,
        n_items=recommender.model.n_items,
        configuration_matches=generation.configuration == generations.settings.fingerprint,
        problem=problem,
    )


def _answer(
    generation: Generation,
    rows: pl.DataFrame,
    *,
    user_id: Id | None = None,
    n_unknown_items: int = 0,
) -> ListAnswer:
    # column by column: a `select` runs a query, which took a fifth of a whole answer
    columns = {name: rows[name].to_list() for name in COLUMNS if name in rows.columns}
    return ListAnswer(
        generation=generation.name,
        as_of=generation.recommender.cutoff_at,
        user_id=user_id,
        kind="personal" if "strongest_source" in rows.columns else "default",
        n_unknown_items=n_unknown_items,
        items=[
            ListedItem(**dict(zip(columns, place, strict=True)))
            for place in zip(*columns.values(), strict=True)
        ],
    )


def _as_item(item: Id, recommender: Recommender) -> Id:
    if not recommender.model.items.dtype.is_integer():
        return str(item)
    known = as_id(str(item), "integer")
    if known is None:
        raise NotEnoughDataError(f"item {item!r}: the ids of this log are integers.")
    return known

"""What a query says, whatever its comments, its line breaks and the case of its keywords."""

import json
from functools import cache
from typing import Any

from ntg_assets.errors import NtgError
from ntg_assets.storage.in_memory import in_memory

PLACES = frozenset({"query_location", "query_location_length"})  # where in the text a part stands


@cache
def parsed_form(text: str) -> str:
    """Say a `select` as DuckDB's parser understands it: equal for texts that differ in form only.

    Args:
        text: One `select`; it may hold `$parameters`, and nothing has to be bound.

    Returns:
        The parse tree as JSON, without places in the text; it may differ between versions of
            DuckDB.

    Raises:
        NtgError: it is not one `select`.
    """
    with in_memory() as connection:
        (answer,) = connection.sql(
            "select json_serialize_sql($text)", params={"text": text}
        ).fetchall()
    tree: dict[str, Any] = json.loads(answer[0])
    if tree["error"]:
        raise NtgError(f"This is no `select` that can be parsed: {tree['error_message']}")
    if (count := len(tree["statements"])) != 1:
        raise NtgError(f"This is no `select` that can be parsed: it holds {count} statements.")
    return json.dumps(_without_places(tree["statements"]), sort_keys=True)


def _without_places(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: _without_places(value) for name, value in part.items() if name not in PLACES}
    if isinstance(part, list):
        return [_without_places(value) for value in part]
    return part

"""Values that lie inside of one value of a record, where no column and no plain key leads to them:
JSON in a text (`payload.item_id`), entries of key and value (`event_params.item_id`), maps.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ntg_assets.sources.files.json.json_keys import (
    ENTRY_KEYS,
    ENTRY_VALUES,
    TYPED_VALUES,
    literal_path,
)
from ntg_assets.sources.reading.binary_texts import BYTES
from ntg_assets.sources.values.columns import TEXTS

MOST_PARTS = 6  # of a name of which any may be one key; of a longer one the first are keys each


class InnerValue(NamedTuple):
    """Where a value lies.

    Attributes:
        column: Column of the file; none: the record itself, of JSON.
        keys: Keys that lead to it from there.
        type: DuckDB type of the column.
    """

    column: str | None
    keys: tuple[str, ...]
    type: str = "VARCHAR"

    @property
    def bound(self) -> list[str]:
        """Values of the parameter of `inner_text`: path and key of each step."""
        return [text for key in self.keys for text in (literal_path(key), key)]


def inner_values_of(name: str, columns: Mapping[str, str]) -> list[InnerValue]:
    """Where the value of a dotted name may lie: inside of the column whose name begins it, the
    longest of several; keys may hold dots themselves.

    Args:
        name: Dotted.
        columns: Types of the columns.
    """
    parts = name.split(".")
    for n_outer in range(len(parts) - 1, 0, -1):
        column = ".".join(parts[:n_outer])
        if column in columns:
            groups = _grouped(parts[n_outer:])
            return [InnerValue(column, keys, columns[column]) for keys in groups if all(keys)]
    return []


def inner_values_of_record(name: str) -> list[InnerValue]:
    """Where the value of a dotted name may lie in a record of JSON (see `inner_values_of`)."""
    return [InnerValue(None, keys) for keys in _grouped(name.split(".")) if all(keys)]


def _grouped(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Keys that dotted parts may be, the most keys first: `a.b` is `b` in `a`, or one key."""
    last = [(".".join(parts),)] if len(parts) <= MOST_PARTS or len(parts) == 1 else []
    deeper = [
        (".".join(parts[:n]), *rest)
        for n in range(1, len(parts) if len(parts) <= MOST_PARTS else 2)
        for rest in _grouped(parts[n:])
    ]
    return sorted([*deeper, *last], key=len, reverse=True)


def as_json(expression: str, type_: str) -> str:
    """SQL of a column as JSON; null where its text is none."""
    if type_ not in {*TEXTS, BYTES}:
        return f"to_json({expression})"
    expression = f"try(decode({expression}))" if type_ == BYTES else expression
    text = f"coalesce({expression}, '')"
    return f"case when json_valid({text}) then cast({text} as json) end"


def inner_columns(
    inner: Sequence[InnerValue], written: Mapping[str, str], *, record: str, index: int
) -> str:
    """SQL of a column `inner_<place>` for each of some values, behind commas.

    Args:
        inner: Where the values lie.
        written: Expression of each column of the files.
        record: That of the record as JSON.
        index: Of the layout, whose parameters they are.
    """
    texts = [
        inner_text(
            as_json(written[value.column], value.type) if value.column else record,
            value.keys,
            f"inner_{index}_{place}",
        )
        for place, value in enumerate(inner)
    ]
    return "".join(f", {text} as inner_{place}" for place, text in enumerate(texts))


def inner_parameters(inner: Sequence[InnerValue], *, index: int) -> dict[str, list[str]]:
    """Values of the parameters of `inner_columns`."""
    return {f"inner_{index}_{place}": value.bound for place, value in enumerate(inner)}


def inner_text(json: str, keys: Sequence[str], parameter: str) -> str:
    """SQL of the text of a value inside of JSON; null where there is none.

    Args:
        json: Expression of JSON.
        keys: That lead to the value.
        parameter: Name of the list of path and key of each step (`InnerValue.bound`).
    """
    value = json
    for place in range(1, 2 * len(keys), 2):
        value = _step(value, path=f"${parameter}[{place}]", key=f"${parameter}[{place + 1}]")
    return f"({value} ->> '$')"


def _step(json: str, *, path: str, key: str) -> str:
    """SQL of the member of an object, the element of a list, or the value of the entry that has a
    key; of a text that is JSON itself likewise.
    """
    opened = _with(
        json, "case when json_type(v) = 'VARCHAR' then try_cast(v ->> '$' as json) else v end"
    )
    keys = _first_of(ENTRY_KEYS, "->>", of="e")
    entry = f"list_filter(cast(v as json[]), lambda e: {keys} = {key})[1]"
    value = _with(_with(entry, _first_of(ENTRY_VALUES, "->")), _untyped())
    return _with(
        opened, f"coalesce(v -> {path}, case when json_type(v) = 'ARRAY' then {value} end)"
    )


def _untyped() -> str:
    """SQL of a value without the object around it that says its type."""
    return f"coalesce(to_json({_first_of(TYPED_VALUES, '->>')}), v)"


def _first_of(names: Sequence[str], arrow: str, *, of: str = "v") -> str:
    return f"coalesce({', '.join(f'{of} {arrow} {_quoted(name)}' for name in names)})"


def _quoted(name: str) -> str:
    return f"'$.{name}'"


def _with(json: str, expression: str) -> str:
    """SQL of an expression of `v`, which stands for some JSON, written once."""
    return f"list_transform([{json}], lambda v: {expression})[1]"

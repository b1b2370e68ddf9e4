"""Lists inside of the rows of a Parquet file (`explode`), as a query of a row for each element."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from ntg_assets.errors import SourceError
from ntg_assets.sources.files.exploding import KEY, PLACE, SHOWN_KEYS, Lists
from ntg_assets.sources.files.file_names import read_literally
from ntg_assets.sources.files.json.json_keys import EACH
from ntg_assets.sql import quote_identifier
from ntg_assets.storage.connection import Connection

READER = "read_parquet($file, hive_partitioning = false)"


class _Part(NamedTuple):
    """A relation, and what stands in each of its rows for a column (or a field of one)."""

    relation: str
    value: str


class ParquetLists:
    """The query that explodes lists in the rows of one file.

    Args:
        connection: May read the file.
        path: The file.
        lists: Which lists.
        wanted: Columns that are read.
        name: The file in messages.
    """

    def __init__(
        self,
        connection: Connection,
        path: Path,
        lists: Lists,
        wanted: Collection[str],
        name: str,
    ) -> None:
        self.connection, self.lists, self.wanted, self.name = connection, lists, wanted, name
        self.bound = {"file": read_literally(path)}
        self.n_steps = 0

    def n_rows(self) -> int:
        """Rows of the file."""
        text = f"select count(*) from {READER}"  # noqa: S608  # our own text
        return int(self.connection.execute(text, self.bound).fetchall()[0][0])

    def text(self) -> str:
        """SQL of the exploded rows.

        Raises:
            SourceError: the columns hold no such list.
        """
        columns = self._types_in(f"(select * from {READER})", "*")  # noqa: S608  # our own text
        start = f"(select * from {READER})"  # noqa: S608  # our own text
        first, *_ = names = (*self.lists.parents[:1],) or self.lists.names
        if absent := next((name for name in names if name not in columns), None):
            self._raise_error(absent, columns)
        if self.lists.parents:
            part = self._exploded(start, quote_identifier(first), self.lists.parents[1:])
            relation, replaced = part.relation, {first: part.value}
        else:
            values = {name: quote_identifier(name) for name in names}
            relation, replaced = self._unnested(start, values)
        kept = [
            name
            for name, type_ in columns.items()
            if name not in replaced and (not type_.endswith("]") or self._is_wanted(name))
        ]
        selected = {name: quote_identifier(name) for name in kept} | replaced
        shown = ", ".join(
            f"{value} as {quote_identifier(name)}" for name, value in selected.items()
        )
        return f"select {shown} from {relation}"  # noqa: S608  # our own text, names are quoted

    def _exploded(self, relation: str, value: str, parents: Sequence[str]) -> _Part:
        """A value on the way to the lists, once for each element inside of it."""
        type_ = self._type_of(relation, value)
        if type_.endswith("]"):
            full = f"case when len({value}) > 0 then {value} else [null] end"
            relation, (element,) = self._with_columns(relation, [f"unnest({full})"])
            return self._exploded(relation, element, parents)
        key = parents[0] if parents else self.lists.names[0]
        if key == EACH:
            return self._members(relation, value, type_, parents)
        if not type_.startswith("STRUCT"):
            self._raise_type(key, type_, "a struct")
        fields = self._types_in(relation, f"unnest({value})")
        if absent := next((name for name in (key,) if name not in fields), None):
            self._raise_error(absent, fields)
        if parents:
            part = self._exploded(relation, f"{value}.{quote_identifier(key)}", parents[1:])
            updated = f"struct_update({value}, {quote_identifier(key)} := {part.value})"
            return _Part(part.relation, updated)
        values = {name: f"{value}.{quote_identifier(name)}" for name in self.lists.names}
        relation, made = self._unnested(relation, values)
        updated = _fields(made, [name for name in made if name in values])
        places = _fields(made, [name for name in made if name not in values])
        return _Part(relation, f"struct_insert(struct_update({value}, {updated}), {places})")

    def _members(self, relation: str, value: str, type_: str, parents: Sequence[str]) -> _Part:
        """The entries of a map, each with its key beside its value."""
        if not type_.startswith("MAP"):
            self._raise_type(EACH, type_, "a map")
        full = f"case when cardinality({value}) > 0 then map_entries({value}) else [null] end"
        relation, (entry,) = self._with_columns(relation, [f"unnest({full})"])
        key, inner = f'"{EACH}{KEY}" := {entry}.key', f"{entry}.value"
        if parents:
            part = self._exploded(relation, inner, parents[1:])
            return _Part(part.relation, f'struct_pack({key}, "{EACH}" := {part.value})')
        if not self._type_of(relation, inner).endswith("]"):
            place = f"case when {entry} is not null then 1 end"
            made = {EACH: inner, f"{EACH}{PLACE}": place}
        else:
            relation, made = self._unnested(relation, {EACH: inner})
        return _Part(relation, f"struct_pack({key}, {_fields(made, list(made))})")

    def _unnested(self, relation: str, values: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """A relation with a row for each element of some lists side by side, and what stands there
        for each list, and for the place of its elements. Lists of differing lengths have elements
        of which nothing is known.
        """
        for name, value in values.items():
            if not (type_ := self._type_of(relation, value)).endswith("]"):
                self._raise_type(name, type_, "a list")
        lengths = [f"coalesce(len({value}), 0)" for value in values.values()]
        longest = f"greatest({', '.join(lengths)}, 1)"
        are_alike = " and ".join(f"{length} = {lengths[0]}" for length in lengths)
        unknown = f"list_resize([null], {longest})"
        is_filled = f"greatest({', '.join(lengths)}) > 0"
        columns = [
            f"unnest(case when {is_filled} and {are_alike} then {value} else {unknown} end)"
            for value in values.values()
        ]
        places = f"case when {is_filled} then range(1, {longest} + 1) else [null] end"
        relation, steps = self._with_columns(relation, [*columns, f"unnest({places})"])
        made = dict(zip(values, steps[:-1], strict=True))
        return relation, made | {f"{name}{PLACE}": steps[-1] for name in values}

    def _with_columns(self, relation: str, columns: Sequence[str]) -> tuple[str, list[str]]:
        """A relation with further columns, and how they are called."""
        names = [f"exploded_{self.n_steps + place}" for place in range(len(columns))]
        self.n_steps += len(columns)
        shown = ", ".join(f"{text} as {name}" for text, name in zip(columns, names, strict=True))
        return f"(select *, {shown} from {relation})", names  # noqa: S608  # as above

    def _type_of(self, relation: str, value: str) -> str:
        return self._types_in(relation, f"{value} as value")["value"]

    def _types_in(self, relation: str, selected: str) -> dict[str, str]:
        text = f"describe select {selected} from {relation}"  # noqa: S608  # as above
        rows = self.connection.execute(text, self.bound).fetchall()
        return {name: type_ for name, type_, *_ in rows}

    def _is_wanted(self, name: str) -> bool:
        return any(f"{column}.".startswith(f"{name}.") for column in self.wanted)

    @property
    def _path(self) -> str:
        return ".".join((*self.lists.parents, *self.lists.names[:1]))

    def _raise_error(self, key: str, columns: Collection[str]) -> NoReturn:
        shown = ", ".join(map(repr, list(columns)[:SHOWN_KEYS]))
        raise SourceError(
            f"{self.name}: explode names {self._path!r}, but there is no {key!r}; columns found:"
            f" {shown}. Correct `explode`."
        )

    def _raise_type(self, key: str, type_: str, wanted: str) -> NoReturn:
        raise SourceError(
            f"{self.name}: explode names {self._path!r}, but {key!r} of it holds {type_}, {wanted}"
            " was expected. Correct `explode`, or leave it out."
        )


def _fields(made: Mapping[str, str], names: Sequence[str]) -> str:
    """Arguments of a function that makes a struct."""
    return ", ".join(f"{quote_identifier(name)} := {made[name]}" for name in names)

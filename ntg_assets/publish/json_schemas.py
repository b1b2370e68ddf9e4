"""JSON Schemas of the published reports, made from the contracts of the tables in them,
and what may change in them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl
from pandera.polars import Column

from ntg_assets.contracts import IdTypes, contract_of, schema_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ID_TYPES = {"integer": "integer", "string": "string"}
HEADER = {
    "report": {"type": "string", "description": "Name of the report"},
    "schema_version": {
        "type": "string",
        "description": "MAJOR.MINOR; MAJOR changes when a reader of the last one could break",
    },
    "source": {"type": "string", "description": "Name of the data"},
    "configuration": {
        "type": "string",
        "description": "Fingerprint of the effective configuration",
    },
    "as_of": {"type": "string", "description": "First instant that the data do not hold (UTC)"},
    "timezone": {
        "type": "string",
        "description": "Zone of the service, whose midnights divide the days",
    },
}


def report_schema(
    name: str, tables: Sequence[str], *, version: str, ids: IdTypes
) -> dict[str, Any]:
    """Describe a report: a header, and the rows of some tables under their names.

    Args:
        name: Of the report.
        tables: Whose rows it holds, by their contracts.
        version: Of the report's form.
        ids: How users and items are written.
    """
    properties = {
        **HEADER,
        **{table: {"type": "array", "items": row_schema(table, ids=ids)} for table in tables},
    }
    return {
        "$schema": DIALECT,
        "title": name,
        "version": version,
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }


def row_schema(table: str, *, ids: IdTypes) -> dict[str, Any]:
    """Describe one row of a table by its contract."""
    model = contract_of(table)
    columns = schema_of(model, ids).columns
    return {
        "type": "object",
        "description": " ".join((model.__doc__ or "").split()),
        "additionalProperties": False,
        "required": list(columns),
        "properties": {name: _value_schema(column) for name, column in columns.items()},
    }


def incompatibilities(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Tell what could break a reader of `old` who is given a report of `new`;
    adding a property is no break.
    """
    return list(_breaks(old, new, at=""))


def _breaks(old: Mapping[str, Any], new: Mapping[str, Any], *, at: str) -> Iterator[str]:
    old_types, new_types = _types(old), _types(new)
    if not new_types <= old_types:
        yield (
            f"{at or '(report)'}: was {'/'.join(sorted(old_types))}, may now be"
            f" {'/'.join(sorted(new_types))}"
        )
    for name, was in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name}: is gone"
        else:
            yield from _breaks(was, new["properties"][name], at=f"{at}/{name}")
    if "items" in old and "items" in new:
        yield from _breaks(old["items"], new["items"], at=f"{at}[]")


def _types(schema: Mapping[str, Any]) -> set[str]:
    stated = schema.get("type", [])
    return {stated} if isinstance(stated, str) else set(stated)


def _value_schema(column: Column) -> dict[str, Any]:
    kind = _json_type(column.dtype.type)
    described: dict[str, Any] = {
        "type": [kind, "null"] if column.nullable else kind,
        "description": column.description or "",
    }
    if kind == "array":
        described["items"] = {"type": "number"}
    if unit := (column.metadata or {}).get("unit"):
        described["unit"] = unit
    return described


def _json_type(dtype: object) -> str:
    if dtype in (pl.Int8, pl.Int16, pl.Int32, pl.Int64):
        return "integer"
    if dtype in (pl.Float32, pl.Float64):
        return "number"
    if dtype == pl.Boolean:
        return "boolean"
    # dates, instants and decimals are written as text
    return "array" if isinstance(dtype, pl.List) or dtype is pl.List else "string"

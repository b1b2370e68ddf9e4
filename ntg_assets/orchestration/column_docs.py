"""A table's columns as the Dagster UI shows them: what they mean, and what they are made from."""

from functools import cache
from typing import Any

import dagster as dg

from ntg_assets.column_lineage import Origins, meaning_of
from ntg_assets.contracts import Contract


@cache
def column_docs(model: type[Contract]) -> dg.TableSchema:
    """Column names, types, descriptions and constraints of a contract,
    as the Dagster UI shows them.
    """
    schema = model.to_schema()
    key = schema.unique or []
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=name,
                type="id" if "id" in (column.metadata or {}) else str(column.dtype),
                description=meaning_of(name, column),
                constraints=dg.TableColumnConstraints(
                    nullable=column.nullable,
                    unique=list(key) == [name],
                    other=[_rule(check) for check in column.checks],
                ),
            )
            for name, column in schema.columns.items()
        ],
        constraints=dg.TableConstraints(other=[f"one row per ({', '.join(key)})"] if key else []),
    )


def _rule(check: Any) -> str:
    """Write a column's rule as a person would (`>= 0`), not as Pandera's object says itself."""
    signs = {
        "greater_than_or_equal_to": ">=",
        "greater_than": ">",
        "less_than_or_equal_to": "<=",
        "less_than": "<",
    }
    values = list((check.statistics or {}).values())
    if check.name in signs:
        return f"{signs[check.name]} {values[0]:g}"
    if check.name == "isin":
        return "one of " + ", ".join(str(value) for value in values[0])
    return str(check.name).replace("_", " ") + "".join(
        f" {value}" for value in values if value is not None
    )


def column_lineage(origins: Origins) -> dg.TableColumnLineage:
    """Columns that each column is made from, as Dagster keeps them; what only counts rows has
    none.
    """
    return dg.TableColumnLineage(
        {
            column: [
                dg.TableColumnDep(dg.AssetKey([origin.table.schema, origin.table.name]), name)
                for origin in several
                if (name := origin.column) is not None
            ]
            for column, several in origins.items()
        }
    )

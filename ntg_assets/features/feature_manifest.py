"""The feature manifest: what each feature means, from its contract,
beside what its column really holds.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

import polars as pl

from ntg_assets.contracts import contract_of
from ntg_assets.sql import Query, Source, quote_identifier, read_sql
from ntg_assets.storage.parsed_form import parsed_form

FEATURE_TABLES = {
    "user": "user_features",
    "item": "item_features",
    "interaction": "interaction_features",
}
SQL_FILES = {
    "user_features": (
        "user_days",
        "user_activity_features",
        "user_taste_features",
        "user_features",
    ),
    "item_features": ("item_features",),
    "interaction_features": ("interaction_features",),
}
NUMERIC = frozenset({"Int64", "Int32", "Float64"})
VERSION_DIGITS = 8
MANIFEST_COLUMNS = [
    "entity",
    "table_name",
    "feature",
    "data_type",
    "definition",
    "unit",
    "window",
    "null_policy",
    "source_columns",
    "version",
]


def described_features() -> pl.DataFrame:
    """List every feature of every feature table as its contract describes it;
    keys and cutoffs are no features.
    """
    rows = [
        _describe(entity, table, name, column)
        for entity, table in FEATURE_TABLES.items()
        for name, column in contract_of(table).to_schema().columns.items()
        if "window" in (column.metadata or {})
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(MANIFEST_COLUMNS, pl.String))


def feature_manifest(tables: Mapping[str, Source]) -> Query:
    """Join the descriptions with statistics of the stored columns.

    Args:
        tables: The three feature tables by name.

    Returns:
        `feature_manifest`: one row per feature; means are of millionths, so they do not depend on
            the order of rows.
    """
    described = described_features()
    statistics = "\nunion all\n".join(_statistics(row) for row in described.iter_rows(named=True))
    columns = ",\n    ".join(f"described.{name}" for name in MANIFEST_COLUMNS)
    text = (
        f"with statistics as (\n{statistics}\n)\n\nselect\n    {columns},\n    statistics.n_rows,\n"
        "    1e0 - statistics.n_known / nullif(statistics.n_rows * 1e0, 0) as null_share,\n   "
        " statistics.minimum,\n    statistics.mean,\n    statistics.maximum\nfrom described\ninner"
        " join statistics on statistics.table_name = described.table_name and statistics.feature ="
        " described.feature"
    )
    return Query(text, {**tables, "described": described})


def _describe(entity: str, table: str, name: str, column: Any) -> dict[str, str | None]:
    metadata = column.metadata
    definition = {
        "window": metadata["window"],
        "null_policy": metadata["nulls"],
        "source_columns": metadata["sources"],
        "definition": column.description,
    }
    content = "\n".join(
        [
            *definition.values(),
            *(parsed_form(read_sql("features", file)) for file in SQL_FILES[table]),
        ]
    )
    return {
        "entity": entity,
        "table_name": table,
        "feature": name,
        "data_type": str(column.dtype),
        "unit": metadata["unit"],
        "version": hashlib.sha256(content.encode()).hexdigest()[:VERSION_DIGITS],
        **definition,
    }


def _statistics(feature: Mapping[str, str]) -> str:
    table, name = quote_identifier(feature["table_name"]), quote_identifier(feature["feature"])
    if feature["data_type"] in NUMERIC:
        values = (
            f"cast(min({name}) as double) as minimum, cast(sum(cast(round({name} * 1e6) as"
            f" hugeint)) as double) / nullif(count({name}) * 1e6, 0) as mean, cast(max({name}) as"
            " double) as maximum"
        )
    else:
        values = (
            "cast(null as double) as minimum, cast(null as double) as mean, cast(null as double) as"
            " maximum"
        )
    key = f"'{feature['table_name']}' as table_name, '{feature['feature']}' as feature"
    return f"select {key}, count(*) as n_rows, count({name}) as n_known, {values} from {table}"

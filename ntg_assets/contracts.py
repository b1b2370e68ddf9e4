"""What a table promises: one Pandera model per table, found by the table's name.

The same model makes the check before a write is committed, the column documentation in the Dagster
UI and the feature manifest. Each stage keeps its models in modules named `contracts`. An asset
names the class (`@staged_asset(contract=UserFeatures)`); whoever knows only a table's name finds it
through `contract_of`, which looks into those modules.
"""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import pandera.polars as pa
import polars as pl

from ntg_assets.errors import ContractError
from ntg_assets.modules import modules_named
from ntg_assets.violations import Violation, describe_violations, violations

Entity = Literal["user", "item"]
Model = TypeVar("Model", bound=type["Contract"])

_REGISTRY: dict[str, type["Contract"]] = {}
_EVENT_TABLES: set[str] = set()
CONTRACT_MODULES = ("contracts.py", "*_contracts.py", "contracts/*.py")
POLARS_ID_TYPES: dict[str, Any] = {"integer": pl.Int64, "string": pl.String}


class Contract(pa.DataFrameModel):
    """Base of all contracts: exactly these columns; `Config.unique` names the key."""

    if TYPE_CHECKING:
        # Pandera has a method of this name, which nothing here uses: a contract may have such a
        # column
        strategy: Any

    class Config:
        strict = True


class IdTypes(NamedTuple):
    """How the source writes ids; they stay so in every table."""

    user: Literal["integer", "string"] = "string"
    item: Literal["integer", "string"] = "string"


def contract(table: str, *, grows_with_events: bool = False) -> Callable[[Model], Model]:
    """Make the decorated model the contract of `table`.

    Args:
        table: Its name, without a stage.
        grows_with_events: Whether it holds a row per event, or per user and item: such a table is
            kept where the engine keeps what one machine should not hold.

    Raises:
        ContractError: another model is the table's contract already.
    """

    def register(model: Model) -> Model:
        other = _REGISTRY.setdefault(table, model)
        if _place(other) != _place(model):
            raise ContractError(
                f"{table}: {_place(other)} is its contract already, so {_place(model)} cannot be."
                " A table has one contract."
            )
        _REGISTRY[table] = model  # a module that is loaded anew
        if grows_with_events:
            _EVENT_TABLES.add(table)
        return model

    return register


def contract_of(table: str) -> type[Contract]:
    """Return the contract of a table, or refuse: no contract, no table."""
    if table not in _REGISTRY:
        modules_named(*CONTRACT_MODULES)
    if table not in _REGISTRY:
        raise ContractError(
            f"{table}: this table has no contract. Write a Contract for it in its stage's"
            " contracts.py."
        )
    return _REGISTRY[table]


def table_of(model: type[Contract]) -> str:
    """Return the table of a contract, or refuse: a shared base is the contract of none."""
    tables = [table for table, registered in _REGISTRY.items() if registered is model]
    if not tables:
        raise ContractError(
            f'{_place(model)} is the contract of no table. Write @contract("<table>") above it.'
        )
    return tables[0]


def grows_with_events(table: str) -> bool:
    """Whether a table grows with the log itself, by what its contract says."""
    if table not in _REGISTRY:
        modules_named(*CONTRACT_MODULES)
    return table in _EVENT_TABLES


def file_of(model: type[Contract]) -> str:
    """Return the file that holds a contract, for a person to open."""
    return model.__module__.replace(".", "/") + ".py"


def known_tables() -> list[str]:
    """Names of all tables that have a contract."""
    modules_named(*CONTRACT_MODULES)
    return sorted(_REGISTRY)


def _place(model: type[Contract]) -> str:
    return f"{model.__module__}.{model.__qualname__}"


def column(
    description: str, *, unit: str | None = None, sources: str | None = None, **rules: Any
) -> Any:
    """Describe one column: what it means, its unit, and Pandera's rules
    (`ge`, `le`, `isin`, `nullable`, ...).

    Args:
        description: What it holds, in words.
        unit: Its unit.
        sources: Columns or tables that it is made from, comma separated, where Python makes it
        (`churn_coefficients.coefficient`); what SQL makes says so itself.
        rules: Of Pandera.
    """
    metadata = {"unit": unit, "sources": sources}
    return pa.Field(
        description=description,
        metadata={key: text for key, text in metadata.items() if text},
        **rules,
    )


def identifier(entity: Entity, description: str, **rules: Any) -> Any:
    """Describe a column of user or item ids; annotate it `str`,
    its real type is that of the source (see `IdTypes`).
    """
    return pa.Field(description=description, metadata={"id": entity}, **rules)


def feature(
    description: str,
    *,
    window: str,
    nulls: str,
    sources: str,
    unit: str | None = None,
    **rules: Any,
) -> Any:
    """Describe a feature column with what the feature manifest says of it.

    Args:
        description: Definition in words.
        window: Time it looks at, relative to the cutoff ("all before cutoff", "[cutoff - 30 d,
        cutoff)").
        nulls: When it is null and what that means ("never", or "null with one active day: no gap
        yet").
        sources: Source columns, comma separated (`events.event_at`).
    """
    metadata = {"window": window, "nulls": nulls, "sources": sources, "unit": unit}
    return pa.Field(description=description, metadata=metadata, nullable=nulls != "never", **rules)


@cache
def schema_of(model: type[Contract], ids: IdTypes) -> pa.DataFrameSchema:
    """Build the Pandera schema of a contract with the id types of the source."""
    schema = model.to_schema()
    types = {
        name: POLARS_ID_TYPES[ids.user if entity == "user" else ids.item]
        for name, column in schema.columns.items()
        if (entity := (column.metadata or {}).get("id"))
    }
    return (
        schema.update_columns({name: {"dtype": dtype} for name, dtype in types.items()})
        if types
        else schema
    )


def column_names(model: type[Contract]) -> list[str]:
    """Columns of a contract, in order."""
    return list(model.to_schema().columns)


def key_of(model: type[Contract]) -> list[str]:
    """Columns that identify a row (the table's grain)."""
    unique = model.to_schema().unique or []
    return [unique] if isinstance(unique, str) else list(unique)


def check_frame(
    frame: pl.DataFrame, model: type[Contract], *, ids: IdTypes | None = None
) -> pl.DataFrame:
    """Return the frame with its columns in contract order,
    or raise: for using a stage without Dagster.

    Raises:
        ContractError: a column is missing or unknown, a type or a value is wrong, the key is not
            unique.
    """
    schema = schema_of(model, ids or IdTypes())
    broken = violations(frame, schema)
    key = key_of(model)
    if not broken and key and (n_double := int(frame.select(key).is_duplicated().sum())):
        broken = [
            Violation(
                ", ".join(key),
                "unique",
                n_double,
                str(frame.select(key).filter(frame.select(key).is_duplicated()).row(0)),
            )
        ]
    if broken:
        raise ContractError(describe_violations(model.__name__, broken))
    return frame.select(column_names(model))

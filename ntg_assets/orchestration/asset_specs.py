"""Where a table lies and where its code stands, as the Dagster UI shows it."""

import re
from functools import cache
from pathlib import Path
from warnings import catch_warnings, simplefilter

import dagster as dg

from ntg_assets.modules import ROOT
from ntg_assets.orchestration.decorated import DECORATED

# module, function, and of one that a function makes the makers before it
PLACE = re.compile(r"(?P<module>[\w.]+?)\.\w+(\.<locals>\.\w+)* \(line (?P<line>\d+)\)")
WAREHOUSE = "data/warehouse/warehouse.duckdb"
URI, CODE = "dagster/uri", "dagster/code_references"


def with_places(spec: dg.AssetSpec) -> dg.AssetSpec:
    """Say of an asset where in the workspace its table lies, and which lines make it."""
    schema, table = spec.key.path[0], spec.key.path[-1]
    with catch_warnings():
        simplefilter("ignore", dg.BetaWarning)  # it may change; nothing is made from it
        code = dg.CodeReferencesMetadataValue(
            code_references=[*_maker(spec.key.to_user_string()), *_sql_file(table)]
        )
    return spec.merge_attributes(metadata={URI: f"{WAREHOUSE}#{schema}.{table}", CODE: code})


def _maker(name: str) -> list[dg.LocalFileCodeReference]:
    """Lines of the function that makes an asset."""
    if not (place := PLACE.fullmatch(dict(DECORATED).get(name, ""))):
        return []
    file = ROOT.parent.joinpath(*place["module"].split(".")).with_suffix(".py")
    return [_reference(file, int(place["line"]))]


def _sql_file(table: str) -> list[dg.LocalFileCodeReference]:
    """Text that makes a table: SQL files are named after the tables that they make."""
    return [_reference(file, 1) for file in _sql_files() if file.stem == table]


def _reference(file: Path, line: int) -> dg.LocalFileCodeReference:
    label = file.relative_to(ROOT.parent).as_posix()
    return dg.LocalFileCodeReference(file_path=str(file), line_number=line, label=label)


@cache
def _sql_files() -> tuple[Path, ...]:
    return tuple(file for file in sorted(ROOT.rglob("*.sql")) if file.parent.name != "answers")

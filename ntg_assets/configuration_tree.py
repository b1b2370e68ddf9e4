"""The configuration as a tree of keys and values: read from YAML files and variables, laid one over another."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ntg_assets.errors import ConfigurationError

PREFIX = "NTG_"


class _StrictLoader(yaml.SafeLoader):
    """YAML that refuses a key written twice: the first of two `ranking:` sections would be lost without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # YAML's interface
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = key_node.value
            if key in seen:
                message = f"the key {key!r} is written twice (lines {node.start_mark.line + 1} to {key_node.start_mark.line + 1})"
                raise yaml.constructor.ConstructorError(problem=message)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)


def read_tree(file: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values.

    Raises:
        ConfigurationError: the file is no such file; the message names it.
    """
    try:
        content = _load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"configuration file {file} is not valid YAML: {' '.join(str(error).split())}") from None
    except OSError as error:
        raise ConfigurationError(f"configuration file {file} cannot be read ({error.strerror}).") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"configuration file {file} must hold keys and values, found only {str(content)[:60]!r}.")
    return content


def read_value(variable: str, text: str) -> object:
    """Read the value of a variable, which is YAML too: `3`, `[Horror]`, `{within_days: 30}`.

    Raises:
        ConfigurationError: it is not; the message names the variable.
    """
    try:
        return _load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"variable {variable}={text!r} is not valid YAML: {' '.join(str(error).split())}") from None


def key_of(variable: str) -> str | None:
    """Return the dotted key that a variable sets (`NTG_RANKING__TOP_K`: `ranking.top_k`); None when it is none of ours."""
    return variable.removeprefix(PREFIX).lower().replace("__", ".") if variable.startswith(PREFIX) else None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree over another; lists and values are replaced whole, mappings key by key."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = merge(known, value) if isinstance(known, Mapping) and isinstance(value, Mapping) else value
    return merged


def nest(dotted: str, value: object) -> dict[str, Any]:
    """Make the tree that holds one value under a dotted key."""
    first, _, rest = dotted.partition(".")
    return {first: nest(rest, value) if rest else value}


def _load(text: str) -> object:
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # a SafeLoader

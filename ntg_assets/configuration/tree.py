"""The configuration as a tree of keys and values: read from YAML files and variables,
laid one over another.
"""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import yaml

from ntg_assets.errors import ConfigurationError

PREFIX = "NTG_"
MERGE = "tag:yaml.org,2002:merge"
SHOWN = 60  # characters of a wrong value in a sentence
STARS = ". Put quotes around a text that begins with a star"


class _StrictLoader(yaml.SafeLoader):
    """Plain YAML that says where it is wrong,
    and refuses a key written twice: the first of two `ranking:` would be lost without a word.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  # YAML's interface
        # what `<<` brings in may be replaced: it is not written twice
        own = [key for key, _ in node.value if key.tag != MERGE]
        mapping = super().construct_mapping(node, deep=deep)
        seen: set[Hashable] = set()
        for key_node in own:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                message = (
                    f"the key {key!r} is written twice (lines {node.start_mark.line + 1} to"
                    f" {key_node.start_mark.line + 1})"
                )
                raise yaml.constructor.ConstructorError(problem=message)
            seen.add(key)
        return mapping

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:  # noqa: FBT001, FBT002  # YAML's interface
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as error:  # a 30th of February, a number of thousands of digits
            problem = f"{str(node.value)[:SHOWN]!r} is no value ({error})"
            raise yaml.constructor.ConstructorError(
                problem=problem, problem_mark=node.start_mark
            ) from None


def read_tree(file: Path) -> dict[str, Any]:
    """Read a YAML file of keys and values.

    Raises:
        ConfigurationError: the file is no such file; the message names it.
    """
    try:
        content = _load(file.read_text(encoding="utf-8"), name=file.name)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"configuration file {file} is not valid YAML: {' '.join(str(error).split())}"
            f"{STARS if 'alias' in str(error) else ''}"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"configuration file {file} cannot be read ({error.strerror})."
        ) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(
            f"configuration file {file} must hold keys and values, found only"
            f" {str(content)[:SHOWN]!r}."
        )
    return content


def read_value(variable: str, text: str) -> object:
    """Read the value of a variable, which is YAML too: `3`, `[Horror]`, `{within_days: 30}`.

    Raises:
        ConfigurationError: it is not; the message names the variable.
    """
    try:
        return _load(text, name=variable)
    except yaml.YAMLError as error:
        raise ConfigurationError(
            f"variable {variable}={text!r} is not valid YAML: {' '.join(str(error).split())}"
        ) from None


def key_of(variable: str) -> str | None:
    """Return the dotted key that a variable sets (`NTG_RANKING__TOP_K`: `ranking.top_k`);
    None when it is none of ours.
    """
    return (
        variable.removeprefix(PREFIX).lower().replace("__", ".")
        if variable.startswith(PREFIX)
        else None
    )


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree over another; lists and values are replaced whole, mappings key by key."""
    merged = dict(below)
    for key, value in above.items():
        below_value = merged.get(key)
        merged[key] = (
            merge(below_value, value)
            if isinstance(below_value, Mapping) and isinstance(value, Mapping)
            else value
        )
    return merged


def nest(dotted: str, value: object) -> dict[str, Any]:
    """Make the tree that holds one value under a dotted key."""
    first, _, rest = dotted.partition(".")
    return {first: nest(rest, value) if rest else value}


def _load(text: str, *, name: str) -> object:
    """Construct the one document of a text; whatever is wrong with it is a `YAMLError` that names
    the text.
    """
    loader = _StrictLoader(text)
    loader.name = name
    try:
        return loader.get_single_data()
    except RecursionError:
        raise yaml.YAMLError("it is nested too deeply") from None
    finally:
        loader.dispose()

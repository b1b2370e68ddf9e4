"""Which parts of the configuration a step looked at while it ran."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterator
from typing import Any, cast

from ntg_assets.configuration.settings import Settings

DIGITS = 12


class Watched:
    """The configuration, which tells of each section that is asked for.

    It is a `Settings` to whoever asks; what looks at it as a whole (a copy, a dump, a comparison)
    has looked at every section.
    """

    __slots__ = ("_settings", "_tell")

    def __init__(self, settings: Settings, tell: Callable[[str], object]) -> None:
        object.__setattr__(self, "_settings", settings)
        object.__setattr__(self, "_tell", tell)

    @property  # type: ignore[misc]  # `isinstance` asks it
    def __class__(self) -> type[Settings]:  # type: ignore[override]  # likewise
        return Settings

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever a configuration has
        settings = object.__getattribute__(self, "_settings")
        if name in Settings.model_fields:
            object.__getattribute__(self, "_tell")(name)
            return getattr(settings, name)
        member = vars(Settings).get(name)
        if isinstance(member, property) and member.fget:
            return member.fget(self)  # what it looks at is told
        return getattr(self._all(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._all(), name, value)  # which refuses: sections are frozen

    def __eq__(self, other: object) -> bool:
        return bool(self._all() == other)

    def __hash__(self) -> int:
        return hash(self._all())

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        return iter(self._all())

    def __repr__(self) -> str:
        return repr(self._all())

    def __copy__(self) -> Settings:
        return self._all()

    def __deepcopy__(self, memo: object) -> Settings:
        return self._all()

    def __reduce_ex__(self, protocol: Any) -> Any:  # noqa: ANN401  # Python's interface
        return self._all().__reduce_ex__(protocol)

    def _all(self) -> Settings:
        tell = object.__getattribute__(self, "_tell")
        for section in Settings.model_fields:
            tell(section)
        return cast("Settings", object.__getattribute__(self, "_settings"))


def watched(settings: Settings, tell: Callable[[str], object]) -> Settings:
    """Return the configuration such that `tell` hears of each section that is looked at."""
    return cast("Settings", Watched(settings, tell))


def leaves(settings: Settings, sections: Collection[str]) -> dict[str, str]:
    """Hash each value of some sections, by its dotted key: what it is stays unsaid.

    Args:
        settings: The configuration.
        sections: Names of its fields.
    """
    tree = settings.model_dump(mode="json", include=set(sections))
    return {key: _digest(value) for key, value in _leaves("", tree)}


def _leaves(key: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict) and value:
        yield f"{key} (order)", list(value)  # nobody promises that it makes no difference
        for name, part in value.items():
            yield from _leaves(f"{key}.{name}" if key else str(name), part)
    else:
        yield key, value


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:DIGITS]

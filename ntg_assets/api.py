"""What may be imported from outside, and stays: everything else may move between releases.

A name listed here keeps its meaning for at least one minor release after the changelog calls it
deprecated. Each is loaded when it is asked for, so that importing this module costs next to
nothing.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Paths": "ntg_assets.configuration.paths",
    "Query": "ntg_assets.sql",
    "Recommender": "ntg_assets.ranking.lists.recommender",
    "Settings": "ntg_assets.configuration.settings",
    "Table": "ntg_assets.sql",
    "active_users_at": "ntg_assets.features.user_activity",
    "answer_plan": "ntg_assets.statistics.planning.sample_size",
    "code_interactions": "ntg_assets.interactions.interactions",
    "load_events": "ntg_assets.events.load",
    "load_settings": "ntg_assets.configuration.settings",
    "query": "ntg_assets.sql",
    "replay": "ntg_assets.experiments.decision.receipts",
    "run": "ntg_assets.storage.run",
    "statistics": "ntg_assets.statistics.library",
    "user_activity_features": "ntg_assets.features.user_activity",
    "with_event_on": "ntg_assets.local_days",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605  # one list, not two that differ one day


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever stands at that place
    """Load a public name from where it is defined.

    Raises:
        AttributeError: it is not public.
    """
    if name not in _HOMES:
        raise AttributeError(f"ntg_assets.api has no {name!r}; public are {', '.join(__all__)}.")
    home = import_module(_HOMES[name])
    return home if name == "statistics" else getattr(home, name)


def __dir__() -> list[str]:
    """List the public names."""
    return list(__all__)

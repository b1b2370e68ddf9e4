"""The catalogue of metrics that experiments share, by name."""

from collections import Counter
from typing import Any

from ntg_assets.configuration.experiments.metrics import MetricSettings


def metrics_by_name(metrics: Any) -> dict[str, Any]:  # whatever YAML holds
    """Index a catalogue by name.

    Raises:
        ValueError: two metrics have one name.
    """
    named: list[tuple[str, Any]] = [
        (metric.name if isinstance(metric, MetricSettings) else str(metric.get("name")), metric)
        for metric in metrics
        if isinstance(metric, (dict, MetricSettings))
    ]
    doubled = [name for name, n in Counter(name for name, _ in named).items() if n > 1]
    if doubled:
        msg = f"experiments.metrics: two metrics are called {doubled[0]!r}"
        raise ValueError(msg)
    return dict(named)


def with_metrics(definition: Any, catalogue: dict[str, Any]) -> Any:  # as above
    """Replace the names among an experiment's metrics by the metrics of the catalogue.

    Raises:
        ValueError: the catalogue has no metric of a name.
    """
    if not isinstance(definition, dict) or not isinstance(definition.get("metrics"), list):
        return definition
    for name in definition["metrics"]:
        if isinstance(name, str) and name not in catalogue:
            catalogued = ", ".join(catalogue) or "nothing"
            msg = (
                f"experiment {definition.get('id')}: the catalogue experiments.metrics has no"
                f" {name!r}; it has {catalogued}"
            )
            raise ValueError(msg)
    taken = [
        catalogue[metric] if isinstance(metric, str) else metric for metric in definition["metrics"]
    ]
    return definition | {"metrics": taken}

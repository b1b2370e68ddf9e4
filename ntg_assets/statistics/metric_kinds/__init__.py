"""How arms are compared on a metric: one class a kind, one file a class, found by being here."""

from importlib import import_module
from pkgutil import iter_modules

from ntg_assets.statistics.metric_kinds.kind import KINDS, Arm, Compared, MetricKind, Terms

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["KINDS", "Arm", "Compared", "MetricKind", "Terms"]

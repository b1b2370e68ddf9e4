"""Outside test vectors by their id, and which function checks which."""

import json
from collections.abc import Callable
from typing import Any

from benchmarks.experiment_vectors import BUNDLED

VECTORS: dict[str, dict[str, Any]] = {
    one["id"]: one for one in json.loads(BUNDLED.read_text(encoding="utf-8"))["vectors"]
}
Check = Callable[[dict[str, Any], Any], None]
CHECKS: dict[str, Check] = {}


def vector(*names: str) -> Callable[[Check], Check]:
    """Register a function as the check of some vectors."""

    def register(check: Check) -> Check:
        CHECKS.update(dict.fromkeys(names, check))
        return check

    return register

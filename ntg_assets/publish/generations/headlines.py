"""The headline figures of a generation, and whether they jump from one to the next."""

from collections.abc import Iterator, Mapping

import duckdb

from ntg_assets.configuration.publish import PublishSettings
from ntg_assets.publish.manifest import Manifest
from ntg_assets.sql import Table, query
from ntg_assets.stages import INGEST, LIVE
from ntg_assets.storage.run import run

TABLES = {
    "events": INGEST,
    "user_features": LIVE,
    "recommendations": LIVE,
    "revenue_risk_radar": LIVE,
    "ltv_estimates": LIVE,
    "intervention_targets": LIVE,
}
OF_MONEY = frozenset({"revenue_at_risk", "value"})
# figures of some users, and which figure counts them; the others rest on all users
RESTS_ON = {
    "users_at_risk": "users_at_risk",
    "churn_probability": "users_at_risk",
    "revenue_at_risk": "users_at_risk",
}


def headlines(connection: duckdb.DuckDBPyConnection) -> dict[str, float | None]:
    """Read the headline figures off the warehouse."""
    bound = {name: Table(schema, name) for name, schema in TABLES.items()}
    return run(query("publish.generations", "headlines", bound), connection).row(0, named=True)


def unit_of(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the unit of the figures of money; `index` where nobody is known."""
    units = connection.execute(
        f"select min(unit) from {Table(LIVE, 'revenue_risk_radar').quoted}"
    ).fetchall()[0][0]
    return units or "index"


def jumps(before: Manifest, after: Manifest, settings: PublishSettings) -> list[str]:
    """Say which headline figures jump from one generation to the next; empty when none does.

    Generations of data with different names are not comparable, figures of money in different units
    neither; nor is a figure that one of them does not hold, as those of older versions.
    """
    if before.source != after.source:
        return []
    return list(_jumps(before, after, settings))


def _jumps(before: Manifest, after: Manifest, settings: PublishSettings) -> Iterator[str]:
    bounds: Mapping[str, float | None] = settings.largest_changes.model_dump()
    for name, most in bounds.items():
        was, now = before.headlines.get(name), after.headlines.get(name)
        if most is None or was is None or now is None:
            continue
        if name in OF_MONEY and before.unit != after.unit:
            continue
        n_users = max(_users_behind(name, manifest.headlines) for manifest in (before, after))
        low, high = sorted((abs(was), abs(now)))
        if n_users >= settings.minimum_users and (high > most * low or was * now < 0):
            change = f"{was:,.6g} -> {now:,.6g}"
            times = f" ({now / was:.2f} times)" if was else ""
            yield (
                f"{name.replace('_', ' ')} {change}{times}, beyond a factor of {most:g}"
                f" (publish.largest_changes.{name})"
            )


def _users_behind(name: str, figures: Mapping[str, float | None]) -> float:
    return figures.get(RESTS_ON.get(name, "users")) or 0

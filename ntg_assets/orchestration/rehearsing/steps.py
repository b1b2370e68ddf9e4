"""Which steps are rehearsed, in an order in which each finds what it reads."""

from collections.abc import Collection, Sequence
from functools import cache

import dagster as dg

from ntg_assets.contracts import table_of
from ntg_assets.errors import StorageError
from ntg_assets.modules import ROOT
from ntg_assets.orchestration.collection import load_assets
from ntg_assets.orchestration.decorated import STEPS, Step


def steps_of(stage: str, *, without: Collection[str] = ()) -> list[Step]:
    """Return the steps of a stage in an order in which each finds what it reads.

    Args:
        stage: The stage.
        without: Parts of the pipeline that are left out.
    """
    load_assets()
    return list(_ordered(stage, frozenset(without), n_declared=len(STEPS)))


@cache
def _ordered(stage: str, without: frozenset[str], *, n_declared: int) -> tuple[Step, ...]:
    """Order the steps that are declared so far: nothing that was declared goes again."""
    rest = {
        step.name: step
        for step in STEPS[:n_declared]
        if step.stage == stage and step.group not in without and _is_ours(step)
    }
    makers = {
        dg.AssetKey([stage, table_of(table)]): step.name
        for step in rest.values()
        for table in step.tables
    }
    done: list[Step] = []
    while rest:
        ready = [
            step
            for step in rest.values()
            if not any(makers.get(key) in rest for key in step.reads.values())
        ]
        if not ready:
            raise StorageError(f"These steps wait for each other: {', '.join(sorted(rest))}.")
        done += ready
        for step in ready:
            del rest[step.name]
    return tuple(done)


def _is_ours(step: Step) -> bool:
    return step.function.__module__.startswith(f"{ROOT.name}.")


def needed_for(
    steps: Sequence[Step], tables: Collection[str], *, given: Collection[str] = ()
) -> list[Step]:
    """Return the steps without which some tables cannot be made, in the same order.

    Args:
        steps: In an order in which each finds what it reads.
        tables: What is wanted.
        given: Tables that are not to be made.
    """
    wanted, needed = set(tables), []
    for step in reversed(steps):
        if (wanted & {table_of(table) for table in step.tables}).difference(given):
            needed.append(step)
            wanted |= {key.path[-1] for key in step.reads.values() if key.path[0] == step.stage}
    return needed[::-1]

"""How the graph is divided for whoever reads it: few groups from left to right, and within them the
part of the pipeline, the domain and its owners as tags.
"""

from typing import Any

from dagster._core.definitions.assets.graph.base_asset_graph import BaseAssetNode

from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST, LIVE, PUBLISHED

PART, DOMAIN, STAGE = "part", "domain", "stage"
# groups in the order in which they are made; each reads those before it
GROUPS = (
    INGEST,
    f"{BACKTEST}_features",
    f"{BACKTEST}_models",
    f"{BACKTEST}_evaluation",
    EXPERIMENTS,
    f"{LIVE}_features",
    f"{LIVE}_models",
    PUBLISHED,
)
# parts of a stage that are shown together; any other is among its models
SHOWN_WITH = {
    "splits": "features",
    "features": "features",
    "taste": "features",
    "evaluation": "evaluation",
}
DATA, RECOMMENDATIONS, RETENTION, EXPERIMENTATION = (
    "team:data-platform",
    "team:recommendations",
    "team:retention",
    "team:experimentation",
)
# who is asked first, by part; a deployment maps these names to its own
OWNER_OF = {
    "taste": RECOMMENDATIONS,
    "ranking": RECOMMENDATIONS,
    "churn": RETENTION,
    "revenue": RETENTION,
    "subscriptions": RETENTION,
    "evaluation": EXPERIMENTATION,
    EXPERIMENTS: EXPERIMENTATION,
}


def group_of(stage: str, part: str) -> str:
    """Return the group that a part of a stage is shown in."""
    if stage in {BACKTEST, LIVE}:
        return f"{stage}_{SHOWN_WITH.get(part, 'models')}"
    return stage


def named_part(stage: str, part: str) -> str:
    """Name a part of the pipeline: `<stage>_<part>`, or the stage where they are the same word.

    What is read from files is one part, whichever stage its tables are of.
    """
    return part if part == stage or part.startswith(INGEST) else f"{stage}_{part}"


def tags_of(stage: str, part: str) -> dict[str, str]:
    """Return the tags by which the assets of a part are found: `tag:domain=churn`."""
    domain = part.removeprefix(f"{INGEST}_") if part != INGEST else INGEST
    return {STAGE: stage, DOMAIN: domain, PART: named_part(stage, part)}


def owners_of(part: str) -> list[str]:
    """Return who is asked first about the tables of a part."""
    return [OWNER_OF.get(part, DATA)]


def part_of(node: BaseAssetNode) -> str:
    """Return the part that an asset belongs to; of an asset without tags its group."""
    tags: dict[str, Any] = dict(node.tags)
    return str(tags.get(PART, node.group_name))

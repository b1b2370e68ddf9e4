"""Check of the publication: whether people see it, or a person has to look first."""

import dagster as dg

from ntg_assets.history.currents import kept_aside, read_changes
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.publish.generations.handover import describe_aside
from ntg_assets.publish.generations.shelf import current_generation
from ntg_assets.stages import PUBLISHED


@staged_check(
    "publication", stages=(PUBLISHED,), files=("data/current", "data/history/generations")
)
def headlines_are_as_usual(project: Project) -> dg.AssetCheckResult:
    """The headline figures do not jump; otherwise the publication is kept aside and the one before
    stays.
    """
    current, aside = (
        current_generation(project.paths),
        kept_aside(read_changes(project.paths.history)),
    )
    sentence = describe_aside(current, aside) if current and aside else "nothing is kept aside"
    return dg.AssetCheckResult(
        passed=aside is None, severity=dg.AssetCheckSeverity.WARN, description=sentence
    )

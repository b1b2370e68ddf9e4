"""The first step of a run: every configured list and log beside the interaction log is read once,
judged, and stored.
"""

from collections.abc import Iterator

import dagster as dg

from ntg_assets.attributes.contracts import Attributes, AttributeSources
from ntg_assets.contracts import Contract
from ntg_assets.events.assets import place_of
from ntg_assets.events.contracts import OptionalSources
from ntg_assets.experiments.contracts.logs import (
    ExposureLog,
    KeptAssignments,
    LogRowCounts,
    OutcomeLog,
)
from ntg_assets.experiments.contracts.traffic import ExperimentSources
from ntg_assets.landing.assets import LANDED_FILES
from ntg_assets.off_policy.contracts import ShownItems, ShownLogLosses
from ntg_assets.optional_sources.contracts import InputFiles
from ntg_assets.optional_sources.reading import (
    read_optional_sources,
    require_source_files,
    rests_on_the_clock,
)
from ntg_assets.orchestration.project import Project
from ntg_assets.orchestration.source_steps import source_step
from ntg_assets.ranking.lists.contracts import ExcludedItemsTable
from ntg_assets.revenue.contacts.lists.list_contracts import TrialLogTable, UserListsTable
from ntg_assets.stages import BACKTEST, EXPERIMENTS
from ntg_assets.subscriptions.terms.contracts import (
    SubscriptionChecks,
    SubscriptionPayments,
    SubscriptionQuarantine,
    SubscriptionTerms,
)

GROUP = "ingest_optional"
FIRST = {"dagster/priority": "100"}  # before any other step that could start
TABLES: dict[type[Contract], str] = dict.fromkeys(
    (
        OptionalSources,
        UserListsTable,
        TrialLogTable,
        ExcludedItemsTable,
        ExposureLog,
        OutcomeLog,
        LogRowCounts,
        KeptAssignments,
        ExperimentSources,
        ShownLogLosses,
        ShownItems,
        InputFiles,
        Attributes,
        AttributeSources,
        SubscriptionTerms,
        SubscriptionPayments,
        SubscriptionQuarantine,
        SubscriptionChecks,
    ),
    "polars",
)
READ_BY_ONE_STAGE: dict[type[Contract], str] = {
    ShownItems: BACKTEST,
    ExperimentSources: EXPERIMENTS,
}


@source_step(
    TABLES,
    group=GROUP,
    files=("what ingest.input_files lists", "data/published", "data/history/forgets"),
    stages=READ_BY_ONE_STAGE,
    after=[LANDED_FILES],
    op_tags=FIRST,
)
def configured_files(
    context: dg.AssetExecutionContext, project: Project
) -> Iterator[dg.Output[object]]:
    """Read every configured list and log once; one that cannot be read is named here,
    and isolated where it is used.
    """
    place = place_of(project)
    require_source_files(project.settings.ingest, place)
    tables = read_optional_sources(
        project.settings,
        place=place,
        ids=project.id_types,
        published_store=project.paths.pinned().published_store,
        now=project.now(),
    )
    if not rests_on_the_clock(tables):
        project.no_later_now_matters()
    for row in tables.optional_sources.iter_rows(named=True):
        tell = context.log.info if row["is_usable"] else context.log.error
        tell(f"{row['source']}: {row['sentence']}")
    for name, rows in tables._asdict().items():
        yield dg.Output(rows, name)

"""Commands that make tables: the same assets as the UI, on the same history."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ntg_assets.cli.loading import loading
from ntg_assets.cli.options import ConfigOption, JsonOption, StageOption, err, out, prepare
from ntg_assets.cli.running.failure import RunFailedError
from ntg_assets.cli.running.progress import render_run
from ntg_assets.errors import ConfigurationError

if TYPE_CHECKING:  # loaded by the commands that need it: help comes at once
    from ntg_assets.cli.running.runs import Assets
    from ntg_assets.configuration.paths import Paths
    from ntg_assets.configuration.settings import Settings

# lists and logs as they are now: whoever opted out since the last run is not on a list made anew
OPTIONAL = "ingest_optional"
LEFT = "nothing that they are made from has changed (`ntg run-all --all` makes them again)"
AllOption = Annotated[
    bool, typer.Option("--all", help="Make every table, also one that would come out just so.")
]


def run_all(config: ConfigOption = None, every_step: AllOption = False) -> None:
    """Make everything that would not come out as it is there: ingest, back-test, gate, live,
    experiments, publish.
    """
    with loading():
        from ntg_assets.cli.running.published import naming_what_is_published  # noqa: PLC0415  # as above
        from ntg_assets.cli.running.summary import render_summary  # noqa: PLC0415  # as above
        from ntg_assets.publish.generations.shelf import current_kept  # noqa: PLC0415  # as above

    settings, paths = prepare(config)
    before = current_kept(paths)
    with naming_what_is_published(paths):
        _materialize([], paths=paths, remembers=not every_step)
        render_summary(settings, paths, before=before, console=out)


def plan(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say what `run-all` would make now, and why: which file, setting, code or table changed."""
    from ntg_assets.cli.running.plan import render_plan, work_plan  # noqa: PLC0415  # it loads the graph

    settings, paths = prepare(config)
    render_plan(work_plan(settings, paths), console=out, as_json=as_json)


def fetch(config: ConfigOption = None) -> None:
    """Bring what `landing.fetch` names into data/landing, as every run does first."""
    from ntg_assets.landing.fetch import (  # noqa: PLC0415  # pyarrow's file systems take a while
        fetch_all,
        raise_if_failures,
    )

    settings, paths = prepare(config)
    if not settings.landing.fetch:
        raise ConfigurationError(
            "nothing is configured to be fetched: landing.fetch names no object and no query."
        )
    done = fetch_all(settings.landing, paths.landing)
    for fetched in done:
        if fetched.problem is None:
            out.print(fetched.sentence, highlight=False, soft_wrap=True)
    raise_if_failures(settings.landing, done)
    for fetched in done:
        if fetched.problem is not None:
            err.print(fetched.sentence, style="yellow", highlight=False, soft_wrap=True)


def build_dataset(config: ConfigOption = None) -> None:
    """Load the log and divide it into TRAIN, VAL and TEST."""
    _, paths = prepare(config)
    _materialize([OPTIONAL, "ingest", "backtest_splits"], paths=paths)


def build_features(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Compute the features of users, items and their meetings."""
    _run_groups(["features"], config=config, stage=stage)


def build_graph(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Make the taste graph, the axes and the embeddings."""
    _run_groups(["taste"], config=config, stage=stage)


def rank(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Find candidates, learn the blend, make the lists."""
    _run_groups(["ranking"], config=config, stage=stage, first=[OPTIONAL])


def score_users(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Score churn and value, and make the radar and the contact lists."""
    _run_groups(["churn", "revenue"], config=config, stage=stage, first=[OPTIONAL])


def synth(
    folder: Annotated[Path, typer.Option("--out", help="Folder of the world.")] = Path(
        "data/synthetic"
    ),
    events: Annotated[int, typer.Option(help="Events.")] = 1_000_000,
    users: Annotated[int, typer.Option(help="Users.")] = 10_000,
    items: Annotated[int, typer.Option(help="Items.")] = 4_000,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 20260101,
) -> None:
    """Write a synthetic log with planted truth beside it (configs/synthetic.yaml reads it)."""
    from ntg_assets.cli.running.progress import bar_of  # noqa: PLC0415
    from ntg_assets.synthetic.world import write_world  # noqa: PLC0415

    with bar_of(out) as progress:
        world = write_world(
            folder, n_events=events, n_users=users, n_items=items, seed=seed, progress=progress
        )
    out.print(
        f"{world.n_events:,} events of {world.n_users:,} users ({world.n_bots:,} bots),"
        f" {world.n_items:,} items, {world.start_on} to {world.end_on},"
        f" {world.bytes_written / 1e6:,.0f} MB in {folder}; the planted truth is in"
        f" {folder / 'truth'}",
        highlight=False,
        soft_wrap=True,
    )


def _run_groups(
    groups: list[str], *, config: Path | None, stage: str, first: Sequence[str] = ()
) -> None:
    if stage not in ("backtest", "live"):
        raise typer.BadParameter(
            f"{stage!r} is not a stage; choose backtest or live.", param_hint="--stage"
        )
    _, paths = prepare(config)
    _materialize([*first, *(f"{stage}_{group}" for group in groups)], paths=paths)


def _materialize(groups: list[str], *, paths: "Paths", remembers: bool = False) -> None:
    with loading():
        from ntg_assets.cli.running import runs  # noqa: PLC0415  # as above
        from ntg_assets.configuration.settings import load_settings  # noqa: PLC0415  # as above
        from ntg_assets.orchestration.instance import open_instance  # noqa: PLC0415  # as above
        from ntg_assets.orchestration.remembering.planned import state_of  # noqa: PLC0415  # as above
        from ntg_assets.orchestration.runs.unfinished_runs import (  # noqa: PLC0415  # as above
            fail_killed_run,
        )
        from ntg_assets.storage.preflight import check_ready  # noqa: PLC0415  # as above

    settings = load_settings()
    check_ready(paths, engine=settings.engine)
    with open_instance(paths) as instance:
        if killed := fail_killed_run(instance, paths):
            out.print(f"run {killed[:8]} was killed: it is marked as failed", highlight=False)
        selected = runs.select_assets(groups)
        state = state_of(paths) if remembers else None  # before the plan, which is made on it
        if remembers:
            selected = _changed(selected, settings, paths)
        elif missing := runs.never_made(selected, instance=instance):
            out.print(f"{len(missing)} tables that this needs are made first", highlight=False)
            selected |= missing
        outcome = render_run(
            runs.run_assets(selected, instance=instance, remake=not remembers, planned_on=state),
            n_assets=len(selected),
            console=out,
            left=runs.time_left(selected, instance=instance, logs=paths.logs),
        )
    if not outcome.succeeded:
        raise RunFailedError(outcome)


def _changed(selected: "Assets", settings: "Settings", paths: "Paths") -> "Assets":
    """Leave out what would come out as it is there, and say how much that is."""
    from ntg_assets.cli.running.plan import work_plan  # noqa: PLC0415  # as above
    from ntg_assets.cli.running.runs import assets_of  # noqa: PLC0415  # as above

    started = assets_of(work_plan(settings, paths).tables)
    if n_left := len(selected - started):
        out.print(f"{n_left:,} of {len(selected):,} tables are left: {LEFT}", highlight=False)
    return selected & started

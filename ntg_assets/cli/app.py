"""Commands of `ntg`. Exit codes: 0 done, 1 the run failed, 2 wrong usage or configuration."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.failure import RunFailedError
from ntg_assets.cli.progress import tell_run
from ntg_assets.cli.summary import tell_summary
from ntg_assets.errors import ConfigurationError, NtgError
from ntg_assets.settings import Paths, Settings, load_settings, project_paths, use_configuration, use_home

app = typer.Typer(
    help="NTG: what to show, who is about to leave, what that costs, whom to contact, and whether it paid. --debug shows tracebacks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Overlay over configs/base.yaml (default: configs/dev.yaml).", dir_okay=False)
]
ExperimentArgument = Annotated[str, typer.Argument(help="Experiment, by its id in the configuration.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
StageOption = Annotated[str, typer.Option("--stage", help="backtest or live.")]

FAILED, WRONG_USAGE = 1, 2
DEBUG = "--debug"
out, err = Console(), Console(stderr=True)


def main() -> None:
    """Run the command line; people see one sentence, never a traceback (unless they ask with --debug, anywhere)."""
    arguments = [argument for argument in sys.argv[1:] if argument != DEBUG]
    try:
        app(args=arguments)
    except NtgError as error:
        if DEBUG in sys.argv:
            raise
        _tell(str(error))
        sys.exit(WRONG_USAGE if isinstance(error, ConfigurationError) else FAILED)
    except Exception as error:  # nothing goes on from here: what was not foreseen is told as such
        if DEBUG in sys.argv:
            raise
        _tell(f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'} (not foreseen; add {DEBUG} to see where)")
        sys.exit(FAILED)


def _tell(problem: str) -> None:
    err.print(f"[bold red]error:[/] {escape(problem)}", highlight=False, soft_wrap=True)


@app.command()
def run_all(config: ConfigOption = None) -> None:
    """Make everything: ingest, back-test, gate, live, experiments, publish."""
    settings, paths = _prepare(config)
    _materialize([], paths=paths)
    tell_summary(settings, paths, console=out)


@app.command()
def build_dataset(config: ConfigOption = None) -> None:
    """Load the log and divide it into TRAIN, VAL and TEST."""
    _, paths = _prepare(config)
    _materialize(["ingest", "backtest_splits"], paths=paths)


@app.command()
def build_features(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Compute the features of users, items and their meetings."""
    _run_groups(["features"], config=config, stage=stage)


@app.command()
def build_graph(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Make the taste graph, the axes and the embeddings."""
    _run_groups(["taste"], config=config, stage=stage)


@app.command()
def rank(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Find candidates, learn the blend, make the lists."""
    _run_groups(["ranking"], config=config, stage=stage)


@app.command()
def score_users(config: ConfigOption = None, stage: StageOption = "backtest") -> None:
    """Score churn and value, and make the radar and the contact lists."""
    _run_groups(["churn", "revenue"], config=config, stage=stage)


@config_app.command("show")
def config_show(config: ConfigOption = None) -> None:
    """Print the effective configuration and its fingerprint."""
    import yaml  # noqa: PLC0415  # commands import what only they need, so that --help is quick

    settings, _ = _prepare(config)
    sys.stdout.write(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
    sys.stdout.write(f"# fingerprint: {settings.fingerprint}\n")


@app.command()
def verify(config: ConfigOption = None) -> None:
    """Hold the published files against their manifest."""
    from ntg_assets.publish.verify import verify_publication  # noqa: PLC0415

    _, paths = _prepare(config)
    report = verify_publication(paths)
    out.print(f"{report.n_files} files of generation {report.generation}: every size and SHA-256 as published.")


@app.command()
def replay(
    experiment: ExperimentArgument,
    receipt: Annotated[Path | None, typer.Option(help="A receipt in a JSON file [default: the published one].", dir_okay=False)] = None,
    config: ConfigOption = None,
) -> None:
    """Derive a published decision again from its receipt; every number must agree."""
    from ntg_assets.cli.decisions import tell_replay  # noqa: PLC0415

    settings, paths = _prepare(config)
    tell_replay(experiment, settings=settings, paths=paths, console=out, receipt_file=receipt)


@app.command()
def trace(experiment: ExperimentArgument, config: ConfigOption = None) -> None:
    """Walk back from a published decision to the files it came from."""
    from ntg_assets.cli.decisions import tell_trace  # noqa: PLC0415

    settings, paths = _prepare(config)
    tell_trace(experiment, settings=settings, paths=paths, console=out)


@app.command()
def explain(
    user: Annotated[str, typer.Argument(help="User, by the id of the log.")],
    item: Annotated[str | None, typer.Option(help="Item to explain, by id or title (default: the first of the list).")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a user's list is as it is, and what is known of the user's risk and value."""
    from ntg_assets.cli.explain import tell_user  # noqa: PLC0415

    settings, paths = _prepare(config)
    tell_user(user, item=item, settings=settings, paths=paths, console=out, as_json=as_json)


@app.command()
def explain_edge(
    item: Annotated[str, typer.Argument(help="Item, by id or title.")],
    neighbour: Annotated[str, typer.Argument(help="The other item, by id or title.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the evidence of a taste edge and the arithmetic of its similarity, or which guardrail left it out."""
    from ntg_assets.cli.explain import tell_edge  # noqa: PLC0415

    settings, paths = _prepare(config)
    tell_edge(item, neighbour, settings=settings, paths=paths, console=out, as_json=as_json)


@app.command()
def explain_axis(
    axis: Annotated[str, typer.Argument(help="Axis, by number or (part of) its name.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a taste axis: its items, what sets it apart, who stands on it."""
    from ntg_assets.cli.explain import tell_axis  # noqa: PLC0415

    settings, paths = _prepare(config)
    tell_axis(axis, settings=settings, paths=paths, console=out, as_json=as_json)


@app.command()
def serve(
    config: ConfigOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1 (0: any free one).", min=0, max=65535)] = 8787,
    reload_seconds: Annotated[float, typer.Option(help="How often to look for a new generation.", min=0.1)] = 5.0,
) -> None:
    """Answer requests for lists over HTTP on 127.0.0.1, from the published store; a new generation is taken up by itself."""
    settings, paths = _prepare(config)
    try:
        from ntg_assets.cli.serve import serve as serve_lists  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(f"`ntg serve` needs the package {error.name}. Install the extra `serve`.") from None
    serve_lists(settings, paths, port=port, reload_seconds=reload_seconds, console=out)


@app.command()
def plan_experiment(  # noqa: PLR0913, PLR0917  # one option per figure of a plan
    experiment: Annotated[str | None, typer.Argument(help="A published experiment, whose control gives what is not given here.")] = None,
    mean: Annotated[float | None, typer.Option(help="Mean of the metric per unit; of a share, the share.")] = None,
    sd: Annotated[float | None, typer.Option(help="Standard deviation per unit; none for a share.")] = None,
    mde: Annotated[float | None, typer.Option(help="Smallest difference worth finding: how many units?")] = None,
    relative_mde: Annotated[float | None, typer.Option(help="The same as a share of the mean (0.02: two percent).")] = None,
    margin: Annotated[float | None, typer.Option(help="Largest harmless drop: how many units show non-inferiority?")] = None,
    units: Annotated[int | None, typer.Option(help="Units of all arms together: which difference do they find?")] = None,
    days: Annotated[int | None, typer.Option(help="The same as days of the traffic.", min=1)] = None,
    per_day: Annotated[float | None, typer.Option(help="New units a day, all arms together.")] = None,
    weights: Annotated[str | None, typer.Option(help="Traffic of the arms, control first: 1:1, 2:1:1.")] = None,
    explained: Annotated[float | None, typer.Option(help="Share of the variance that the pre-period explains (CUPED).")] = None,
    significance: Annotated[float | None, typer.Option(help="Error rate over all treatments [default: 0.05].")] = None,
    power: Annotated[float | None, typer.Option(help="Probability of finding a true effect [default: 0.8].")] = None,
    one_sided: Annotated[bool, typer.Option("--one-sided", help="Look for an improvement only.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figure: Annotated[Path | None, typer.Option(help="Draw the power curve into this PNG file.", dir_okay=False)] = None,
    config: ConfigOption = None,
) -> None:
    """Plan an experiment: units for an effect, effect for units, days from the traffic."""
    from ntg_assets.cli.planning import Asked, known_from, read_weights, request_of, tell_plan  # noqa: PLC0415

    shares = read_weights(weights) if weights is not None else None
    asked = Asked(mean, sd, mde, relative_mde, margin, units, days, per_day, shares, explained, significance, power, one_sided)
    known = None
    if experiment is not None:
        settings, paths = _prepare(config)
        known = known_from(experiment, settings=settings, paths=paths)
    tell_plan(request_of(asked, known=known), console=out, as_json=as_json, figure=figure)


@app.command()
def synth(
    folder: Annotated[Path, typer.Option("--out", help="Folder of the world.")] = Path("data/synthetic"),
    events: Annotated[int, typer.Option(help="Events.")] = 1_000_000,
    users: Annotated[int, typer.Option(help="Users.")] = 10_000,
    items: Annotated[int, typer.Option(help="Items.")] = 4_000,
    seed: Annotated[int, typer.Option(help="Seed of everything.")] = 20260101,
) -> None:
    """Write a synthetic log with planted truth beside it (configs/synthetic.yaml reads it)."""
    from ntg_assets.cli.progress import bar_of  # noqa: PLC0415
    from ntg_assets.synthetic.world import write_world  # noqa: PLC0415

    with bar_of(out) as progress:
        world = write_world(folder, n_events=events, n_users=users, n_items=items, seed=seed, progress=progress)
    out.print(
        f"{world.n_events:,} events of {world.n_users:,} users ({world.n_bots:,} bots), {world.n_items:,} items, "
        f"{world.start_on} to {world.end_on}, {world.bytes_written / 1e6:,.0f} MB in {folder}; the planted truth is in {folder / 'truth'}",
        highlight=False,
        soft_wrap=True,
    )


@app.command()
def ui(
    config: ConfigOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
) -> None:
    """Open the Dagster UI and its daemon on 127.0.0.1, with the history of all runs."""
    from ntg_assets.cli.ports import HOST, listen  # noqa: PLC0415
    from ntg_assets.instance import prepare_dagster_home  # noqa: PLC0415

    _, paths = _prepare(config)
    listen(port).close()  # Dagster would start all else first and then hang without its web server
    home = prepare_dagster_home(paths)
    use_home(paths.home)
    os.chdir(home)  # Dagster reads its configuration there, and complains of any other that lies in the working folder
    command = ["dagster", "dev", "-w", str(paths.home / "workspace.yaml"), "-h", HOST, "-p", str(port)]
    os.execv(Path(sys.executable).with_name("dagster"), command)  # noqa: S606  # our own interpreter's dagster


def _prepare(config: Path | None) -> tuple[Settings, Paths]:
    """Name the configuration for this process and all it starts, and read it."""
    use_configuration(config)
    settings = load_settings()
    return settings, project_paths(settings)


def _run_groups(groups: list[str], *, config: Path | None, stage: str) -> None:
    if stage not in ("backtest", "live"):
        raise typer.BadParameter(f"{stage!r} is not a stage; choose backtest or live.", param_hint="--stage")
    _, paths = _prepare(config)
    _materialize([f"{stage}_{group}" for group in groups], paths=paths)


def _materialize(groups: list[str], *, paths: Paths) -> None:
    from ntg_assets.cli.runs import run_assets, select_assets  # noqa: PLC0415
    from ntg_assets.instance import open_instance  # noqa: PLC0415
    from ntg_assets.storage.preflight import check_ready  # noqa: PLC0415

    check_ready(paths, engine=load_settings().engine)
    with open_instance(paths) as instance:
        selected = select_assets(groups)
        outcome = tell_run(run_assets(selected, instance=instance), n_assets=len(selected), console=out)
    if not outcome.succeeded:
        raise RunFailedError(outcome)

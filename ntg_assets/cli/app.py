"""Commands of `ntg`. Exit codes: 0 done, 1 the run failed, 2 wrong usage or configuration."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ntg_assets.cli.progress import tell_run
from ntg_assets.cli.summary import tell_summary
from ntg_assets.errors import ConfigurationError, NtgError
from ntg_assets.settings import Paths, Settings, load_settings, project_paths, use_configuration

app = typer.Typer(help="NTG: what to show, who is about to leave, what that costs, whom to contact, and whether it paid.", no_args_is_help=True)
config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")

ConfigOption = Annotated[Path | None, typer.Option("--config", help="Overlay over configs/base.yaml (default: configs/dev.yaml).", dir_okay=False)]
DebugOption = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
StageOption = Annotated[str, typer.Option("--stage", help="backtest or live.")]

FAILED, WRONG_USAGE = 1, 2
out, err = Console(), Console(stderr=True)


def main() -> None:
    """Run the command line; people see one sentence, never a traceback (unless they ask with --debug)."""
    try:
        app()
    except ConfigurationError as error:
        _leave(error, WRONG_USAGE)
    except NtgError as error:
        _leave(error, FAILED)


def _leave(error: NtgError, code: int) -> None:
    if "--debug" in sys.argv:
        raise error
    err.print(f"[bold red]error:[/] {error}", highlight=False, soft_wrap=True)
    sys.exit(code)


@app.command()
def run_all(config: ConfigOption = None, debug: DebugOption = False) -> None:
    """Make everything: ingest, back-test, gate, live, experiments, publish."""
    settings, paths = _prepare(config)
    _materialize("*", paths=paths, debug=debug)
    tell_summary(settings, paths, console=out)


@app.command()
def build_dataset(config: ConfigOption = None, debug: DebugOption = False) -> None:
    """Load the log and divide it into TRAIN, VAL and TEST."""
    _, paths = _prepare(config)
    _materialize("group:ingest or group:backtest_splits", paths=paths, debug=debug)


@app.command()
def build_features(config: ConfigOption = None, stage: StageOption = "backtest", debug: DebugOption = False) -> None:
    """Compute the features of users, items and their meetings."""
    _run_groups(["features"], config=config, stage=stage, debug=debug)


@app.command()
def build_graph(config: ConfigOption = None, stage: StageOption = "backtest", debug: DebugOption = False) -> None:
    """Make the taste graph, the axes and the embeddings."""
    _run_groups(["taste"], config=config, stage=stage, debug=debug)


@app.command()
def rank(config: ConfigOption = None, stage: StageOption = "backtest", debug: DebugOption = False) -> None:
    """Find candidates, learn the blend, make the lists."""
    _run_groups(["ranking"], config=config, stage=stage, debug=debug)


@app.command()
def score_users(config: ConfigOption = None, stage: StageOption = "backtest", debug: DebugOption = False) -> None:
    """Score churn and value, and make the radar and the contact lists."""
    _run_groups(["churn", "revenue"], config=config, stage=stage, debug=debug)


@config_app.command("show")
def config_show(config: ConfigOption = None, debug: DebugOption = False) -> None:
    """Print the effective configuration and its fingerprint."""
    import yaml  # noqa: PLC0415  # commands import what only they need, so that --help is quick

    settings, _ = _prepare(config)
    sys.stdout.write(yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
    sys.stdout.write(f"# fingerprint: {settings.fingerprint}\n")


@app.command()
def verify(config: ConfigOption = None, debug: DebugOption = False) -> None:
    """Hold the published files against their manifest."""
    from ntg_assets.publish.verify import verify_publication  # noqa: PLC0415

    _, paths = _prepare(config)
    report = verify_publication(paths)
    out.print(f"{report.n_files} files of generation {report.generation}: every size and SHA-256 as published.")


@app.command()
def ui(
    config: ConfigOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
    debug: DebugOption = False,
) -> None:
    """Open the Dagster UI and its daemon on 127.0.0.1, with the history of all runs."""
    from ntg_assets.instance import prepare_dagster_home  # noqa: PLC0415

    _, paths = _prepare(config)
    prepare_dagster_home(paths)
    command = ["dagster", "dev", "-w", str(paths.home / "workspace.yaml"), "-h", "127.0.0.1", "-p", str(port)]
    os.execv(Path(sys.executable).with_name("dagster"), command)  # noqa: S606  # our own interpreter's dagster


def _prepare(config: Path | None) -> tuple[Settings, Paths]:
    """Name the configuration for this process and all it starts, and read it."""
    use_configuration(config)
    settings = load_settings()
    return settings, project_paths(settings)


def _run_groups(groups: list[str], *, config: Path | None, stage: str, debug: bool) -> None:
    if stage not in ("backtest", "live"):
        raise typer.BadParameter(f"{stage!r} is not a stage; choose backtest or live.", param_hint="--stage")
    _, paths = _prepare(config)
    _materialize(" or ".join(f"group:{stage}_{group}" for group in groups), paths=paths, debug=debug)


def _materialize(selection: str, *, paths: Paths, debug: bool) -> None:
    from ntg_assets.cli.runs import run_assets, select_assets  # noqa: PLC0415
    from ntg_assets.instance import open_instance  # noqa: PLC0415
    from ntg_assets.storage.preflight import check_ready  # noqa: PLC0415

    check_ready(paths, engine=load_settings().engine)
    with open_instance(paths) as instance:
        selected = select_assets(selection)
        outcome = tell_run(run_assets(selected, instance=instance), n_assets=len(selected), console=out)
    if not outcome.succeeded:
        for failed in outcome.failures:
            err.print(f"[bold red]failed:[/] {failed.asset}: {failed.reason}", highlight=False, soft_wrap=True)
            if debug:
                err.print(failed.detail, highlight=False, soft_wrap=True)
        for check in outcome.refused:
            err.print(f"[bold red]stopped:[/] {check.asset}: {check.check}: {check.description}", highlight=False, soft_wrap=True)
        raise typer.Exit(FAILED)

"""Commands of `ntg`. Exit codes: 0 done, 1 the run failed,
2 wrong usage or configuration, 130 or 143 interrupted.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ntg_assets.cli.answers import commands as answering
from ntg_assets.cli.check import check
from ntg_assets.cli.experiments import commands as experimenting
from ntg_assets.cli.init import init
from ntg_assets.cli.interruption import raise_if_received
from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.leakage import commands as leaks
from ntg_assets.cli.lines import say_marked
from ntg_assets.cli.options import ConfigOption, JsonOption, err, out, prepare
from ntg_assets.cli.publications import commands as keeping
from ntg_assets.cli.publications.contacts import contacts_app
from ntg_assets.cli.running import commands as making
from ntg_assets.errors import ConfigurationError, NtgError

app = typer.Typer(
    help=(
        "NTG: what to show, who is about to leave, what that costs, whom to contact, and whether it"
        " paid."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
config_app = typer.Typer(help="The configuration.", no_args_is_help=True)
app.add_typer(config_app, name="config")
app.add_typer(contacts_app, name="contacts")
for command in (
    init,
    check,
    making.run_all,
    making.plan,
    making.fetch,
    making.build_dataset,
    making.build_features,
    making.build_graph,
    making.rank,
    making.score_users,
    answering.sql,
    answering.explain,
    answering.explain_edge,
    answering.explain_axis,
    keeping.verify,
    keeping.generations,
    keeping.rollback,
    keeping.publish,
    keeping.diff,
    keeping.forget,
    leaks.audit_leakage,
    experimenting.replay,
    experimenting.trace,
    experimenting.plan_experiment,
    experimenting.experiments,
    making.synth,
):
    app.command()(command)

FAILED, WRONG_USAGE = 1, 2
DEBUG = "--debug"


def _render_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version  # noqa: PLC0415

        sys.stdout.write(f"ntg {version('ntg-assets')}\n")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_render_version, is_eager=True
        ),
    ] = False,
    _debug: Annotated[
        bool,
        typer.Option(DEBUG, help="Show the traceback of an error; it may stand anywhere."),
    ] = False,
) -> None:
    """What holds for every command (`main` takes `--debug` out wherever it stands)."""


def main() -> None:
    """Run the command line; people see one sentence, never a traceback
    (unless they ask with --debug, anywhere).
    """
    arguments = [argument for argument in sys.argv[1:] if argument != DEBUG]
    try:
        app(args=arguments)
    except NtgError as error:
        raise_if_received()  # it may be what became of a query that was interrupted
        if DEBUG in sys.argv:
            raise
        _print_lines(str(error))
        sys.exit(WRONG_USAGE if isinstance(error, ConfigurationError) else FAILED)
    except Exception as error:  # nothing goes on from here: what was not foreseen is told as such
        raise_if_received()
        if DEBUG in sys.argv:
            raise
        _print_lines(
            f"{type(error).__name__}: {' '.join(str(error).split()) or 'no reason given'} (not"
            f" foreseen; add {DEBUG} to see where)"
        )
        sys.exit(FAILED)


def _print_lines(problem: str) -> None:
    err.print(f"[bold red]error:[/] {escape(problem)}", highlight=False, soft_wrap=True)


@config_app.command("show")
def config_show(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Print the effective configuration and its fingerprint."""
    import yaml  # noqa: PLC0415  # commands import what only they need, so that --help is quick

    settings, _ = prepare(config)
    if as_json:
        shown = settings.model_dump(mode="json")
        print_json({"fingerprint": settings.fingerprint, "settings": shown})
        return
    sys.stdout.write(
        yaml.safe_dump(settings.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    )
    sys.stdout.write(f"# fingerprint: {settings.fingerprint}\n")


@app.command()
def serve(
    config: ConfigOption = None,
    port: Annotated[
        int, typer.Option(help="Port on 127.0.0.1 (0: any free one).", min=0, max=65535)
    ] = 8787,
    reload_seconds: Annotated[
        float, typer.Option(help="How often to look for a new generation.", min=0.1)
    ] = 5.0,
    workers: Annotated[int, typer.Option(help="Processes that answer.", min=1, max=64)] = 1,
) -> None:
    """Answer requests for lists over HTTP on 127.0.0.1, from the published store;
    a new generation is taken up by itself.
    """
    settings, paths = prepare(config)
    try:
        from ntg_assets.cli.answers.serve import serve as serve_lists  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"`ntg serve` needs the package {error.name}. Install the extra `serve`."
        ) from None
    serve_lists(
        settings, paths, port=port, reload_seconds=reload_seconds, workers=workers, console=out
    )


@app.command()
def ui(
    config: ConfigOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
) -> None:
    """Open the Dagster UI and its daemon on 127.0.0.1, with the history of all runs."""
    from ntg_assets.cli.ports import HOST, listen  # noqa: PLC0415
    from ntg_assets.configuration.settings import use_home  # noqa: PLC0415
    from ntg_assets.orchestration.instance import (  # noqa: PLC0415
        CONFIG,
        prepare_dagster_home,
        undecided,
    )
    from ntg_assets.orchestration.runs.code_location import ui_arguments  # noqa: PLC0415

    _, paths = prepare(config)
    listen(port).close()  # Dagster would start all else first and then hang without its web server
    home = prepare_dagster_home(paths)
    if left := undecided(home):
        keys = "`, `".join(f"{key}: {{enabled: false}}" for key in left)
        caution = f"{home / CONFIG} does not say `{keys}`"
        say_marked(
            err, f"[yellow]caution[/] {caution}: nothing is sent, but Dagster counts its usage"
        )
    use_home(paths.home)
    # Dagster reads its configuration there, and complains of any other that lies in the working
    # folder
    os.chdir(home)
    command = ["dagster", "dev", *ui_arguments(paths.home), "-h", HOST, "-p", str(port)]
    os.execv(Path(sys.executable).with_name("dagster"), command)  # noqa: S606  # our own interpreter's dagster

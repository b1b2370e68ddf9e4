"""What the commands share: their options, where they print, which configuration they read."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from ntg_assets.cli.loading import loading

if TYPE_CHECKING:  # loaded by the commands that need it: help comes at once
    from ntg_assets.configuration.paths import Paths
    from ntg_assets.configuration.settings import Settings

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="Overlay over the defaults (default: configs/dev.yaml, else ntg.yaml).",
        dir_okay=False,
    ),
]
ExperimentArgument = Annotated[
    str, typer.Argument(help="Experiment, by its id in the configuration.")
]
GivenExperiment = Annotated[
    str | None,
    typer.Argument(
        help="Experiment, by its id in the configuration; left out: the one that the receipt names."
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
StageOption = Annotated[str, typer.Option("--stage", help="backtest or live.")]

out, err = Console(), Console(stderr=True)


def prepare(config: Path | None, *, for_run: bool = True) -> tuple["Settings", "Paths"]:
    """Name the configuration for this process and all it starts, and read it.

    Args:
        config: Overlay.
        for_run: Whether it has to hold what a run of the graph needs.
    """
    with loading():
        from ntg_assets.configuration.settings import (  # noqa: PLC0415  # as above
            load_settings,
            project_paths,
            use_configuration,
        )

    use_configuration(config)
    settings = load_settings(for_run=for_run)
    return settings, project_paths(settings)

"""The command that looks for leaks."""

from typing import Annotated

import typer

from ntg_assets.cli.loading import loading
from ntg_assets.cli.options import ConfigOption, JsonOption, err, out, prepare


def audit_leakage(
    plant: Annotated[
        str | None,
        typer.Option(
            help="Plant a leak of this kind in a copy of the code and show who catches it; all."
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Find the verdicts of the shipped configurations anew.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Say whether those are of the code as it is.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show whether anything made before an instant would differ had the future been another one;
    found once per code and modelling configuration.
    """
    with loading():
        from ntg_assets.cli.leakage import audit_leakage as auditing  # noqa: PLC0415
        from ntg_assets.cli.leakage.plant_matrix import render_matrix  # noqa: PLC0415
        from ntg_assets.evaluation.leakage.plants import PLANTS  # noqa: PLC0415

    if as_json and (plant is not None or write or check):
        raise typer.BadParameter("--json is of the verdict: it goes with no other option.")
    settings, paths = prepare(config)
    if plant is not None:
        kinds = list(PLANTS) if plant == "all" else [plant]
        render_matrix(kinds, out, home=paths.home)
    elif write:
        auditing.write_shipped(auditing.shipped_settings(paths.home), out)
    elif check:
        auditing.render_unproved(auditing.shipped_settings(paths.home), out)
    else:
        console = err if as_json else out
        auditing.render_verdict(settings, paths, console, in_json=as_json)

"""Commands on experiments: plan them, decide them, look behind a decision."""

from pathlib import Path
from typing import Annotated

import typer

from ntg_assets.cli.options import (
    ConfigOption,
    ExperimentArgument,
    GivenExperiment,
    JsonOption,
    out,
    prepare,
)


def replay(
    experiment: GivenExperiment = None,
    receipt: Annotated[
        Path | None,
        typer.Option(help="A receipt in a JSON file (default: the published one).", dir_okay=False),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Derive a decision again from its receipt,
    and hold that against what is published and the log files it was read from.
    """
    from ntg_assets.cli.experiments.replay import render_replay  # noqa: PLC0415

    # a receipt handed over is replayed wherever it was made, also where nothing was ingested
    settings, paths = prepare(config, for_run=receipt is None)
    render_replay(
        experiment,
        settings=settings,
        paths=paths,
        console=out,
        receipt_file=receipt,
        as_json=as_json,
    )


def experiments(
    experiment: Annotated[
        str | None, typer.Argument(help="Experiment, by its id; left out: all of them.")
    ] = None,
    units: Annotated[
        Path | None,
        typer.Option(
            help="Table of its units (CSV or Parquet): unit_id, arm, a column per metric.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    aggregates: Annotated[
        Path | None,
        typer.Option(
            help="Table of counts: arm, metric, n, mean, variance.", exists=True, dir_okay=False
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            help="Folder for tables and receipts (default: experiments in the workspace)."
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Decide experiments by themselves: from their own logs, a table of units or aggregates,
    without a run.
    """
    from ntg_assets.cli.experiments.alone import (  # noqa: PLC0415
        FOLDER,
        decide_alone,
        render_concluded,
        write_concluded,
    )

    settings, paths = prepare(config, for_run=False)
    folder = into or paths.workspace / FOLDER
    concluded = decide_alone(
        experiment, units=units, aggregates=aggregates, settings=settings, paths=paths
    )
    write_concluded(concluded, folder)
    render_concluded(concluded, folder=folder, as_json=as_json, console=out)
    if concluded.left_out and not concluded.tables:
        raise typer.Exit(1)


def trace(
    experiment: ExperimentArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Walk back from a published decision to the files it came from."""
    from ntg_assets.cli.experiments.trace import render_trace  # noqa: PLC0415

    settings, paths = prepare(config)
    render_trace(experiment, settings=settings, paths=paths, console=out, as_json=as_json)


def plan_experiment(  # noqa: PLR0913, PLR0917  # one option per figure of a plan
    experiment: Annotated[
        str | None,
        typer.Argument(help="A published experiment, whose control gives what is not given here."),
    ] = None,
    mean: Annotated[
        float | None, typer.Option(help="Mean of the metric per unit; of a share, the share.")
    ] = None,
    sd: Annotated[
        float | None, typer.Option(help="Standard deviation per unit; none for a share.")
    ] = None,
    mde: Annotated[
        float | None, typer.Option(help="Smallest difference worth finding: how many units?")
    ] = None,
    relative_mde: Annotated[
        float | None, typer.Option(help="The same as a share of the mean (0.02: two percent).")
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(help="Largest harmless worsening: how many units show non-inferiority?"),
    ] = None,
    units: Annotated[
        int | None, typer.Option(help="Units of all arms together: which difference do they find?")
    ] = None,
    days: Annotated[
        int | None, typer.Option(help="The same as days of the traffic.", min=1)
    ] = None,
    per_day: Annotated[
        float | None, typer.Option(help="New units a day, all arms together.")
    ] = None,
    weights: Annotated[
        str | None, typer.Option(help="Traffic of the arms, control first: 1:1, 2:1:1.")
    ] = None,
    explained: Annotated[
        float | None,
        typer.Option(help="Share of the variance that the pre-period explains (CUPED)."),
    ] = None,
    significance: Annotated[
        float | None, typer.Option(help="Error rate over all treatments (default: 0.05).")
    ] = None,
    power: Annotated[
        float | None, typer.Option(help="Probability of finding a true effect (default: 0.8).")
    ] = None,
    one_sided: Annotated[
        bool, typer.Option("--one-sided", help="Look for an improvement only.")
    ] = False,
    better: Annotated[
        str | None,
        typer.Option(help="Whether more or less of the metric is better (default: more)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the power curve into this PNG file.", dir_okay=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Plan an experiment: units for an effect, effect for units, days from the traffic."""
    from ntg_assets.cli.experiments.plan_in_words import render_plan  # noqa: PLC0415
    from ntg_assets.cli.experiments.planning import (  # noqa: PLC0415
        Asked,
        known_from,
        read_weights,
        request_of,
    )

    shares = read_weights(weights) if weights is not None else None
    asked = Asked(
        mean,
        sd,
        mde,
        relative_mde,
        margin,
        units,
        days,
        per_day,
        shares,
        explained,
        significance,
        power,
        one_sided,
        better,
    )
    known = None
    if experiment is not None:
        settings, paths = prepare(config)
        known = known_from(experiment, settings=settings, paths=paths)
    render_plan(request_of(asked, known=known), console=out, as_json=as_json, figure=figure)

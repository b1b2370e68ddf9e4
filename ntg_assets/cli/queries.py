"""Commands that ask of what is published, and plan."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.options import (
    ConfigOption,
    ExperimentArgument,
    GivenExperiment,
    JsonOption,
    out,
    prepare,
)


def verify(
    generation: Annotated[
        str | None, typer.Argument(help="A kept generation [default: the current one].")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold the published files against their manifest."""
    from ntg_assets.publish.generations.shelf import find  # noqa: PLC0415
    from ntg_assets.publish.verify import verify_publication  # noqa: PLC0415

    _, paths = prepare(config)
    if generation is not None:
        paths = paths.at(find(paths, generation).folder)
    report = verify_publication(paths)
    if as_json:
        print_json(report)
        return
    out.print(
        f"{report.n_files} files of generation {report.generation}: every size and SHA-256 as"
        " published."
    )


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
) -> None:
    """Show whether anything made before an instant would differ had the future been another one;
    found once per code and modelling configuration.
    """
    from ntg_assets.cli import audit_leakage as auditing  # noqa: PLC0415
    from ntg_assets.evaluation.leakage.plants import PLANTS  # noqa: PLC0415

    settings, paths = prepare(config)
    if plant is not None:
        kinds = list(PLANTS) if plant == "all" else [plant]
        auditing.tell_matrix(kinds, out, home=paths.home)
    elif write:
        auditing.write_shipped(auditing.shipped_settings(paths.home), out)
    elif check:
        auditing.tell_unproved(auditing.shipped_settings(paths.home), out)
    else:
        auditing.tell_verdict(settings, paths, out)


def replay(
    experiment: GivenExperiment = None,
    receipt: Annotated[
        Path | None,
        typer.Option(help="A receipt in a JSON file [default: the published one].", dir_okay=False),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Derive a decision again from its receipt,
    and hold that against what is published and the log files it was read from.
    """
    from ntg_assets.cli.decisions import tell_replay  # noqa: PLC0415

    # a receipt handed over is replayed wherever it was made, also where nothing was ingested
    settings, paths = prepare(config, for_run=receipt is None)
    tell_replay(
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
            help="Folder for tables and receipts [default: experiments in the workspace]."
        ),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """Decide experiments by themselves: from their own logs, a table of units or aggregates,
    without a run.
    """
    from ntg_assets.cli.experiments import (  # noqa: PLC0415
        FOLDER,
        decide_alone,
        tell_concluded,
        write_concluded,
    )

    settings, paths = prepare(config, for_run=False)
    folder = into or paths.workspace / FOLDER
    concluded = decide_alone(
        experiment, units=units, aggregates=aggregates, settings=settings, paths=paths
    )
    write_concluded(concluded, folder)
    tell_concluded(concluded, folder=folder, as_json=as_json, console=out)
    if concluded.left_out and not concluded.tables:
        raise typer.Exit(1)


def trace(
    experiment: ExperimentArgument, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Walk back from a published decision to the files it came from."""
    from ntg_assets.cli.decisions import tell_trace  # noqa: PLC0415

    settings, paths = prepare(config)
    tell_trace(experiment, settings=settings, paths=paths, console=out, as_json=as_json)


def explain(
    user: Annotated[str, typer.Argument(help="User, by the id of the log.")],
    item: Annotated[
        str | None,
        typer.Option(help="Item to explain, by id or title (default: the first of the list)."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a user's list is as it is, and what is known of the user's risk and value."""
    from ntg_assets.cli.explain import tell_user  # noqa: PLC0415

    settings, paths = prepare(config)
    tell_user(user, item=item, settings=settings, paths=paths, console=out, as_json=as_json)


def explain_edge(
    item: Annotated[str, typer.Argument(help="Item, by id or title.")],
    neighbour: Annotated[str, typer.Argument(help="The other item, by id or title.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the evidence of a taste edge and the arithmetic of its similarity,
    or which guardrail left it out.
    """
    from ntg_assets.cli.explain import tell_edge  # noqa: PLC0415

    settings, paths = prepare(config)
    tell_edge(item, neighbour, settings=settings, paths=paths, console=out, as_json=as_json)


def explain_axis(
    axis: Annotated[str, typer.Argument(help="Axis, by number or (part of) its name.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a taste axis: its items, what sets it apart, who stands on it."""
    from ntg_assets.cli.explain import tell_axis  # noqa: PLC0415

    settings, paths = prepare(config)
    tell_axis(axis, settings=settings, paths=paths, console=out, as_json=as_json)


def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="SQL [default: ask one after the other, or read standard input]."),
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all rows as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
) -> None:
    """Ask the current publication in SQL, read only;
    `from answers.dictionary` says what it holds.
    """
    from ntg_assets.cli.sql import tell_sql  # noqa: PLC0415

    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other.")
    settings, paths = prepare(config)
    form: Literal["json", "csv", "table"] = "json" if as_json else "csv" if as_csv else "table"
    tell_sql(query, settings=settings, paths=paths, console=out, form=form)


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
        float | None, typer.Option(help="Error rate over all treatments [default: 0.05].")
    ] = None,
    power: Annotated[
        float | None, typer.Option(help="Probability of finding a true effect [default: 0.8].")
    ] = None,
    one_sided: Annotated[
        bool, typer.Option("--one-sided", help="Look for an improvement only.")
    ] = False,
    better: Annotated[
        str | None,
        typer.Option(help="Whether more or less of the metric is better [default: more]."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    figure: Annotated[
        Path | None, typer.Option(help="Draw the power curve into this PNG file.", dir_okay=False)
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Plan an experiment: units for an effect, effect for units, days from the traffic."""
    from ntg_assets.cli.planning import (  # noqa: PLC0415
        Asked,
        known_from,
        read_weights,
        request_of,
        tell_plan,
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
    tell_plan(request_of(asked, known=known), console=out, as_json=as_json, figure=figure)

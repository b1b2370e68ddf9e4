"""Commands that answer from what is published."""

from typing import Annotated, Literal

import typer

from ntg_assets.cli.options import ConfigOption, JsonOption, out, prepare


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
    from ntg_assets.cli.answers.explain import render_user  # noqa: PLC0415

    settings, paths = prepare(config)
    render_user(user, item=item, settings=settings, paths=paths, console=out, as_json=as_json)


def explain_edge(
    item: Annotated[str, typer.Argument(help="Item, by id or title.")],
    neighbour: Annotated[str, typer.Argument(help="The other item, by id or title.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the evidence of a taste edge and the arithmetic of its similarity,
    or which guardrail left it out.
    """
    from ntg_assets.cli.answers.explain import render_edge  # noqa: PLC0415

    settings, paths = prepare(config)
    render_edge(item, neighbour, settings=settings, paths=paths, console=out, as_json=as_json)


def explain_axis(
    axis: Annotated[str, typer.Argument(help="Axis, by number or (part of) its name.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a taste axis: its items, what sets it apart, who stands on it."""
    from ntg_assets.cli.answers.explain import render_axis  # noqa: PLC0415

    settings, paths = prepare(config)
    render_axis(axis, settings=settings, paths=paths, console=out, as_json=as_json)


def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="SQL (default: ask one after the other, or read standard input)."),
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print all rows as JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print all rows as CSV.")] = False,
) -> None:
    """Ask the current publication in SQL, read only;
    `from answers.dictionary` says what it holds.
    """
    from ntg_assets.cli.answers.sql import render_sql  # noqa: PLC0415

    if as_json and as_csv:
        raise typer.BadParameter("--json and --csv exclude each other.")
    settings, paths = prepare(config)
    form: Literal["json", "csv", "table"] = "json" if as_json else "csv" if as_csv else "table"
    render_sql(query, settings=settings, paths=paths, console=out, form=form)

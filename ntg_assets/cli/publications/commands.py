"""Commands on what was published: list it, verify it, take it back, accept it, compare it."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.options import ConfigOption, JsonOption, out, prepare

if TYPE_CHECKING:  # loaded by the commands that need it: help comes at once
    from ntg_assets.configuration.settings import Settings
    from ntg_assets.contracts import IdTypes

NameArgument = Annotated[
    str | None, typer.Argument(help="Generation, by its name or the beginning of it.")
]


def generations(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the publications that are kept, with their headline figures; the newest comes first."""
    from ntg_assets.cli.publications.listing import rows_of, show_rows  # noqa: PLC0415  # as above

    _, paths = prepare(config)
    rows = list(rows_of(paths))
    if as_json:
        print_json(rows)
    elif rows:
        show_rows(rows, out)
    else:
        out.print("nothing is published yet: `ntg run-all`", highlight=False)


def verify(
    generation: Annotated[
        str | None, typer.Argument(help="A kept generation (default: the current one).")
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


def rollback(
    generation: NameArgument = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Go back to the publication before, or to a named one; what was sent stays in the history."""
    from ntg_assets.publish.generations.rollback import roll_back  # noqa: PLC0415

    settings, paths = prepare(config)
    now, was = roll_back(paths, generation, ids=_ids(settings))
    if as_json:
        print_json({"generation": now.generation, "as_of": now.as_of, "before": was})
        return
    _say(
        f"generation {now.generation} (known before {now.as_of}) is current again, in place of"
        f" {was}. Its contact lists are those of that day:"
        " whoever has sent them must not send them again. What was drawn stays in"
        " data/history/assignments and counts for the caps. A run that makes"
        f" {was} again keeps it aside."
    )


def publish(
    generation: NameArgument = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Let people see it in place of the current one.")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say which publication is kept aside and why; with --accept make it the current one."""
    from ntg_assets.history.currents import kept_aside, read_changes  # noqa: PLC0415
    from ntg_assets.publish.generations.handover import describe_aside  # noqa: PLC0415
    from ntg_assets.publish.generations.rollback import accept as accept_generation  # noqa: PLC0415
    from ntg_assets.publish.generations.shelf import current_generation  # noqa: PLC0415

    settings, paths = prepare(config)
    if accept:
        taken = accept_generation(paths, generation, settings=settings.publish, ids=_ids(settings))
        sentence = f"generation {taken.generation} (known before {taken.as_of}) is current."
        _answer({"current": taken.generation, "kept_aside": None}, sentence, as_json=as_json)
        return
    current, aside = current_generation(paths), kept_aside(read_changes(paths.history))
    sentence = (
        describe_aside(current, aside)
        if current and aside
        else "nothing is kept aside. `ntg run-all` publishes, `ntg generations` lists."
    )
    name = current.generation if current else None
    _answer({"current": name, "kept_aside": aside}, sentence, as_json=as_json)


def forget(
    users: Annotated[list[str], typer.Argument(help="Users, by the id of the log.")],
    config: ConfigOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Forget people: a publication without them, nothing older that holds them, no later load of
    them. It cannot be taken back.
    """
    from ntg_assets.cli.publications.forget import render_forget  # noqa: PLC0415

    settings, paths = prepare(config)
    if not yes:
        typer.confirm(
            f"Forget {len(users)} user(s), and remove every older generation that holds them?",
            abort=True,
            err=True,
        )
    render_forget(users, settings=settings, paths=paths, console=out, as_json=as_json)


def diff(
    before: NameArgument = None,
    after: NameArgument = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what differs between two publications, by how much, and by which input, setting or code
    (default: the one that is kept aside, or is current, and the one before).
    """
    from ntg_assets.cli.publications.differences import render_differences  # noqa: PLC0415

    _, paths = prepare(config)
    render_differences(before, after, paths=paths, console=out, as_json=as_json)


def _ids(settings: "Settings") -> "IdTypes":
    from ntg_assets.contracts import IdTypes  # noqa: PLC0415  # as above

    events = settings.ingest.events
    return IdTypes(user=events.user_id_type, item=events.item_id_type)


def _answer(answer: object, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        _say(sentence)


def _say(text: str) -> None:
    out.print(escape(text), highlight=False, soft_wrap=True)

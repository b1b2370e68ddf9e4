"""`ntg contacts`: what the CRM did of the contacts that it was given."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ntg_assets.cli.json_answers import print_json
from ntg_assets.cli.options import ConfigOption, JsonOption, out, prepare

if TYPE_CHECKING:
    from ntg_assets.revenue.handover.reading import Taken

contacts_app = typer.Typer(help="What the CRM did of the contacts.", no_args_is_help=True)


@contacts_app.command("taken")
def taken(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help="The CRM's report: who, which night, what was done."
        ),
    ],
    night: Annotated[
        date | None,
        typer.Option(
            "--night",
            parser=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="The night of the whole file: its list's cutoff.",
        ),
    ] = None,
    leave_out_unknown: Annotated[
        bool,
        typer.Option(
            "--leave-out-unknown", help="Leave out people who were on no list of their night."
        ),
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read back what was sent, bounced and answered; contact caps and trials use it from then."""
    from ntg_assets.contracts import IdTypes  # noqa: PLC0415  # help comes at once
    from ntg_assets.history.forgets import read_forgotten  # noqa: PLC0415
    from ntg_assets.publish.generations.shelf import shelf_lock  # noqa: PLC0415
    from ntg_assets.revenue.handover.reading import take  # noqa: PLC0415
    from ntg_assets.revenue.handover.taken_rows import Report  # noqa: PLC0415
    from ntg_assets.sources.sources import Place  # noqa: PLC0415

    settings, paths = prepare(config)
    events = settings.ingest.events
    place = Place(
        paths.home,
        (paths.workspace,),
        settings.engine,
        paths.scratch,
        read_forgotten(paths.data, id_type=events.user_id_type),
    )
    with shelf_lock(paths):
        done = take(
            Report(file.resolve(), settings.radar.taken, night, leave_out_unknown),
            history=paths.history,
            place=place,
            ids=IdTypes(events.user_id_type, events.item_id_type),
            zone=settings.ingest.zone,
        )
    if as_json:
        print_json(done)
        return
    for line in sentences(done, file.name):
        out.print(line, highlight=False, soft_wrap=True, markup=False)


def sentences(done: "Taken", name: str) -> list[str]:
    """Say what was read back, a line each."""
    counts = ", ".join(f"{n:,} {status.replace('_', ' ')}" for status, n in done.by_status.items())
    intended = (
        f"{done.n_reported:,} of {done.n_intended:,} people whom {done.nights:,} night(s) meant to"
        " contact are reported; the others count as contacted, and all count as drawn where the"
        " programme is measured (intention to treat)"
    )
    lines = [
        f"{name}: {done.n_new:,} of {done.n_rows:,} rows are new and kept in data/history/taken",
        f"{counts}; {done.n_reached:,} people were reached",
        intended,
    ]
    if done.n_unknown:
        lines.append(f"{done.n_unknown:,} rows were left out: on no list of their night")
    if done.n_held_out:
        lines.append(
            f"caution: {done.n_held_out:,} people were reached who were held out; the comparison"
            " with the held-out is the weaker for it"
        )
    return lines

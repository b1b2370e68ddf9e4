"""`ntg forget`: people, everywhere that NTG keeps them; what it does not own is named."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.engines.versions import OWN
from ntg_assets.errors import EngineError
from ntg_assets.orchestration.instance import dagster_home, open_instance
from ntg_assets.orchestration.runs.run_history import remove_from_lines, remove_from_run_history
from ntg_assets.orchestration.runs.server_history import remove_from_server_history
from ntg_assets.publish.forgetting.forget import forget_people
from ntg_assets.publish.forgetting.forgot import Forgot
from ntg_assets.storage.files import remove_tree

SHOWN = 20
ENDS_WITH = (
    "Sums, models and the taste graph still rest on them until the next `ntg run-all`, which leaves"
    " them out. Delete their rows in the files above, in backups, and wherever lists were sent."
)


def render_forget(
    users: Sequence[str], *, settings: Settings, paths: Paths, console: Console, as_json: bool
) -> None:
    """Forget people, and say what was touched and what was not.

    Raises:
        EngineError: a storage of the cluster is not there; everything else is done.
    """
    done = forget_people(paths, users, settings=settings)
    done.touched += _clean_runs(paths, done.ids)
    _clean_server(paths, done)
    if as_json:
        print_json(done)
    else:
        for line in sentences(done):
            console.print(escape(line), highlight=False, soft_wrap=True)
    if done.unreached:
        raise EngineError(
            f"the tables of the cluster in {', '.join(done.unreached)} still name them: the folder"
            " is not there. Mount it and call again; all else is done. If it is gone for good, take"
            f" it out of {OWN} in the folder of the warehouse."
        )


def sentences(done: Forgot) -> list[str]:
    """Say what a call has done, a line each."""
    n_rows = sum(done.n_rows.values())
    lines = [f"{len(done.ids)} user(s) are written down as forgotten: later loads leave them out."]
    if done.generation is None:
        lines.append("nothing is published")
    elif n_rows:
        lines.append(
            f"generation {done.generation} is current: {n_rows:,} rows of {len(done.n_rows)} tables"
            " named them and are gone"
        )
    else:
        lines.append(f"generation {done.generation} does not name them, and stays")
    if done.removed:
        lines.append(f"generations removed: {', '.join(done.removed)}")
    lines += [f"written anew without them: {name}" for name in done.history]
    lines += [f"removed: {place}" for place in done.touched]
    if done.sources:
        shown = done.sources[:SHOWN]
        rest = len(done.sources) - len(shown)
        lines.append("not NTG's own, and not changed:")
        lines += [f"  {name}" for name in shown] + ([f"  and {rest:,} more"] if rest else [])
    return [*lines, ENDS_WITH]


def _clean_runs(paths: Paths, ids: Sequence[str]) -> list[str]:
    """Take them out of what runs have left: samples, messages, logs, what steps printed."""
    home = dagster_home(paths)
    lines = []
    if cleaned := remove_from_run_history(home, ids) if home.is_dir() else {}:
        lines.append(
            f"{sum(cleaned.values()):,} entries of {len(cleaned)} files of the run history"
        )
    if cleaned := remove_from_lines(paths.logs, ids):
        lines.append(f"{sum(cleaned.values()):,} lines of {len(cleaned)} structured logs")
    if (printed := home / "storage").is_dir():
        remove_tree(printed)
        lines.append("what steps printed (storage of the run history)")
    return lines


def _clean_server(paths: Paths, done: Forgot) -> None:
    """Do the same where the history of runs is not in files; say where that cannot be done."""
    if not dagster_home(paths).is_dir():
        return
    with open_instance(paths) as instance:
        cleaned, left = remove_from_server_history(instance, done.ids)
    if cleaned:
        n_cleaned, n_tables = sum(cleaned.values()), len(cleaned)
        done.touched.append(f"{n_cleaned:,} entries of {n_tables} tables of the run history")
    if left:
        done.sources.append(left)

"""`ntg explain`, `explain-edge`, `explain-axis`: answers from the published store,
for people and as JSON.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from rich.console import Console

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.serving.published import Published, open_published


def render_user(
    user: str,
    *,
    item: str | None,
    settings: Settings,
    paths: Paths,
    console: Console,
    as_json: bool,
) -> None:
    """Explain a user's list, and the user's risk and value.

    Args:
        user: Id, as the log writes it.
        item: Id or title of the item that is explained; none: the first of the list.
        settings: The effective configuration.
        paths: Whose publication.
        console: Where people read it.
        as_json: Whether programs read it.
    """
    from ntg_assets.cli.answers.user_in_words import print_user  # noqa: PLC0415  # each loads what its answer needs
    from ntg_assets.serving.explain_user import explain_user  # noqa: PLC0415  # as above

    _print_lines(
        lambda published: explain_user(published, user, item=item),
        partial(print_user, is_of_item=item is not None),
        settings,
        paths,
        console,
        as_json=as_json,
    )


def render_edge(
    item: str, neighbour: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool
) -> None:
    """Explain why two items are neighbours, or why they are not.

    Args:
        item: Id or title.
        neighbour: Id or title of the other.
        settings: The effective configuration.
        paths: Whose publication.
        console: Where people read it.
        as_json: Whether programs read it.
    """
    from ntg_assets.cli.answers.taste_in_words import print_edge  # noqa: PLC0415  # as above
    from ntg_assets.serving.explain_edge import explain_edge  # noqa: PLC0415  # as above

    _print_lines(
        lambda published: explain_edge(published, item, neighbour),
        print_edge,
        settings,
        paths,
        console,
        as_json=as_json,
    )


def render_axis(
    axis: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool
) -> None:
    """Explain a taste axis."""
    from ntg_assets.cli.answers.taste_in_words import print_axis  # noqa: PLC0415  # as above
    from ntg_assets.serving.explain_axis import explain_axis  # noqa: PLC0415  # as above

    _print_lines(
        lambda published: explain_axis(published, axis),
        print_axis,
        settings,
        paths,
        console,
        as_json=as_json,
    )


def _print_lines(
    ask: Callable[[Published], Any],
    show: Callable[[Any, Console], None],
    settings: Settings,
    paths: Paths,
    console: Console,
    *,
    as_json: bool,
) -> None:
    with open_published(settings, paths) as published:
        answer = ask(published)
    if as_json:
        print_json(answer)
    else:
        show(answer, console)

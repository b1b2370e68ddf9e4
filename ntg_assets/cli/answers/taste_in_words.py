"""An edge of the taste graph and a taste axis as a terminal shows them."""

from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.lines import say
from ntg_assets.serving.explain_axis import AxisExplanation
from ntg_assets.serving.explain_edge import Counts, EdgeExplanation


def print_edge(edge: EdgeExplanation, console: Console) -> None:
    """The verdict, the counts that it rests on, and the arithmetic."""
    for line in (_named(edge), edge.verdict):
        say(console, line)
    console.print(_evidence(edge.counts))
    for line in _arithmetic(edge):
        say(console, line)


def _named(edge: EdgeExplanation) -> str:
    item, neighbour = edge.item, edge.neighbour
    return f"{item.title} ({item.item_id}) -> {neighbour.title} ({neighbour.item_id})"


def _arithmetic(edge: EdgeExplanation) -> Iterator[str]:
    """How the counts come to the similarity, and whether that is what is published."""
    counts, cosine, shrinkage = edge.counts, edge.cosine, edge.shrinkage
    both, mine, theirs = counts.shared_users, counts.item_users, counts.neighbour_users
    yield f"cosine      {both} / sqrt({mine} * {theirs}) = {cosine:.6f}"
    yield f"similarity  {cosine:.6f} * {both} / ({both} + {shrinkage:g}) = {edge.similarity:.6f}"
    if edge.stored_similarity is not None:
        is_same = edge.stored_similarity == edge.similarity
        same = "the same to the last bit" if is_same else "which differs"
        yield f"published   {edge.stored_similarity:.6f}, {same}"
    for name, strength in edge.other_edges.items():
        yield f"also        {name}: {strength:.6f}"


def _evidence(counts: Counts) -> Table:
    """The users that an edge rests on: all of them, and those that count."""
    table = Table("evidence", "in all", "that count", title_justify="left")
    for name, n_any, n in (
        ("users of the item", counts.item_users_any, counts.item_users),
        ("users of the neighbour", counts.neighbour_users_any, counts.neighbour_users),
        ("users of both", counts.shared_users_any, counts.shared_users),
    ):
        table.add_row(name, f"{n_any:,}", f"{n:,}")
    return table


def print_axis(axis: AxisExplanation, console: Console) -> None:
    """The axis by its items, its categories, and who stands on it."""
    say(console, f"axis {axis.axis}: {axis.name}")
    say(
        console,
        f"{axis.n_items:,} items load on it; the strongest axis of {axis.n_strongest:,} of"
        f" {axis.n_users:,} users",
    )
    console.print(_strongest_items(axis))
    if axis.categories:
        console.print(_categories_apart(axis))
    scores = ", ".join(f"{name} {score:.3f}" for name, score in axis.scores.items())
    say(console, f"users' shares on it: {scores}")


def _strongest_items(axis: AxisExplanation) -> Table:
    table = Table("#", "item", "loading", title="strongest items", title_justify="left")
    for item in axis.items:
        name = escape(f"{item.title} ({item.item_id})")
        table.add_row(str(item.rank), name, f"{item.loading:.3f}")
    return table


def _categories_apart(axis: AxisExplanation) -> Table:
    """Shares of categories on the axis beside those of all items."""
    title = "what sets it apart"
    table = Table("category", "here", "everywhere", title=title, title_justify="left")
    for category in axis.categories:
        shares = (category.share, category.share_everywhere)
        table.add_row(escape(category.category), *(f"{share:.0%}" for share in shares))
    return table

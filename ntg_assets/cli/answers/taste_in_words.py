"""An edge of the taste graph and a taste axis as a terminal shows them."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.answers.user_in_words import say
from ntg_assets.serving.explain_axis import AxisExplanation
from ntg_assets.serving.explain_edge import EdgeExplanation


def print_edge(edge: EdgeExplanation, console: Console) -> None:
    """The verdict, the counts that it rests on, and the arithmetic."""
    counts = edge.counts
    say(
        console,
        f"{edge.item.title} ({edge.item.item_id}) -> {edge.neighbour.title}"
        f" ({edge.neighbour.item_id})",
    )
    say(console, edge.verdict)
    table = Table("evidence", "in all", "that count", title_justify="left")
    for name, n_any, n in (
        ("users of the item", counts.item_users_any, counts.item_users),
        ("users of the neighbour", counts.neighbour_users_any, counts.neighbour_users),
        ("users of both", counts.shared_users_any, counts.shared_users),
    ):
        table.add_row(name, f"{n_any:,}", f"{n:,}")
    console.print(table)
    both, mine, theirs = counts.shared_users, counts.item_users, counts.neighbour_users
    say(console, f"cosine      {both} / sqrt({mine} * {theirs}) = {edge.cosine:.6f}")
    say(
        console,
        f"similarity  {edge.cosine:.6f} * {both} / ({both} + {edge.shrinkage:g}) ="
        f" {edge.similarity:.6f}",
    )
    if edge.stored_similarity is not None:
        same = (
            "the same to the last bit"
            if edge.stored_similarity == edge.similarity
            else "which differs"
        )
        say(console, f"published   {edge.stored_similarity:.6f}, {same}")
    for name, strength in edge.other_edges.items():
        say(console, f"also        {name}: {strength:.6f}")


def print_axis(axis: AxisExplanation, console: Console) -> None:
    """The axis by its items, its categories, and who stands on it."""
    say(console, f"axis {axis.axis}: {axis.name}")
    say(
        console,
        f"{axis.n_items:,} items load on it; the strongest axis of {axis.n_strongest:,} of"
        f" {axis.n_users:,} users",
    )
    table = Table("#", "item", "loading", title="strongest items", title_justify="left")
    for item in axis.items:
        table.add_row(
            str(item.rank), escape(f"{item.title} ({item.item_id})"), f"{item.loading:.3f}"
        )
    console.print(table)
    if axis.categories:
        table = Table(
            "category", "here", "everywhere", title="what sets it apart", title_justify="left"
        )
        for category in axis.categories:
            table.add_row(
                escape(category.category),
                f"{category.share:.0%}",
                f"{category.share_everywhere:.0%}",
            )
        console.print(table)
    say(
        console,
        "users' shares on it: "
        + ", ".join(f"{name} {score:.3f}" for name, score in axis.scores.items()),
    )

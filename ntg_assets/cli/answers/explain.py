"""`ntg explain`, `explain-edge`, `explain-axis`: answers from the published store,
for people and as JSON.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.json_answers import print_json
from ntg_assets.configuration.paths import Paths
from ntg_assets.configuration.settings import Settings
from ntg_assets.local_days import tell_cutoff
from ntg_assets.revenue.radar.user_risk import Estimate, RiskStory
from ntg_assets.serving.explain_axis import AxisExplanation, explain_axis
from ntg_assets.serving.explain_edge import EdgeExplanation, explain_edge
from ntg_assets.serving.explain_user import ItemExplanation, UserExplanation, explain_user
from ntg_assets.serving.published import Published, open_published

SHOWN_FROM = 0.00005  # four digits are printed
# a history item that carries less than this part of the strongest one's says nothing to a person
SEED_SHARE = 0.01


def tell_user(
    user: str,
    *,
    item: str | None,
    settings: Settings,
    paths: Paths,
    console: Console,
    as_json: bool,
) -> None:
    """Explain a user's list, and the user's risk and value."""
    _tell(
        lambda published: explain_user(published, user, item=item),
        partial(_print_user, is_of_item=item is not None),
        settings,
        paths,
        console,
        as_json=as_json,
    )


def tell_edge(
    item: str, neighbour: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool
) -> None:
    """Explain why two items are neighbours, or why they are not."""
    _tell(
        lambda published: explain_edge(published, item, neighbour),
        _print_edge,
        settings,
        paths,
        console,
        as_json=as_json,
    )


def tell_axis(
    axis: str, *, settings: Settings, paths: Paths, console: Console, as_json: bool
) -> None:
    """Explain a taste axis."""
    _tell(
        lambda published: explain_axis(published, axis),
        _print_axis,
        settings,
        paths,
        console,
        as_json=as_json,
    )


def _tell(
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


def _say(console: Console, text: str) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)


def _print_user(user: UserExplanation, console: Console, *, is_of_item: bool) -> None:
    """What was asked first: the item, where one was named; else whether the user leaves and what
    that costs, then the list.
    """
    cutoff = tell_cutoff(user.as_of, user.timezone)
    _say(
        console,
        f"user {user.user_id}: {user.n_events:,} events of {user.n_items:,} items, known before"
        f" {cutoff}",
    )
    if user.explained and is_of_item:
        _print_item(user.explained, console)
    if user.risk:
        _print_risk(user.risk, console)
    else:
        _say(console, "risk    the radar does not hold this user")
    _say(console, f"latest  {'; '.join(item.title for item in user.recent)}")
    if user.axes:
        axes = "; ".join(
            f"{axis.name} (above {axis.percentile:.0%} of users)" for axis in user.axes
        )
        _say(console, f"taste   {axes}")
    table = Table("#", "item", "score", "reason", title="list", title_justify="left")
    for place in user.places:
        table.add_row(
            str(place.rank),
            escape(f"{place.title} ({place.item_id})"),
            f"{place.score:.4f}",
            escape(place.reason),
        )
    console.print(table)
    if user.explained and not is_of_item:
        _print_item(user.explained, console)


def _print_item(item: ItemExplanation, console: Console) -> None:
    table = Table(
        "source",
        "weight",
        "x feature",
        "= part",
        "from the user's history",
        title=escape(item.item.title),
        title_justify="left",
    )
    for part in item.parts:
        told_seeds = [
            seed
            for seed in part.seeds
            if part.contribution >= SHOWN_FROM
            and seed.strength >= SEED_SHARE * part.seeds[0].strength
        ]
        seeds = "\n".join(
            f"{seed.title}: {seed.profile_weight:.3f} x edge {seed.edge_strength:.4f}"
            for seed in told_seeds
        )
        table.add_row(
            part.source,
            f"{part.weight:.4f}",
            f"{part.feature:.4f}",
            f"{part.contribution:.4f}",
            escape(seeds),
        )
    table.add_section()
    table.add_row("sum of the parts", "", "", f"{item.total:.4f}", "")
    if item.boost != 1.0:
        table.add_row("x boost", f"{item.boost:g}", "", f"{item.score:.4f}", "ranking.rules.boosts")
    console.print(table)
    _say(console, item.verdict)


def _print_risk(risk: RiskStory, console: Console) -> None:
    unit = "index points, not money" if risk.unit == "index" else risk.unit
    _say(
        console,
        f"risk    {_estimate(risk.churn, percent=True)} leave within the churn horizon;"
        f" {risk.segment}; band {risk.band}, rank {risk.rank}",
    )
    for reason in risk.reasons:
        _say(console, f"        because {reason}")
    _say(
        console,
        f"stake   {risk.stake:,.2f} more if the user stays than if not; at risk"
        f" {_estimate(risk.revenue_at_risk)} ({unit})",
    )
    parts = ", ".join(f"{name} {part:.3g}" for name, part in risk.value_parts.items())
    _say(console, f"value   {_estimate(risk.ltv)} over {risk.horizon_days} days; {parts}")
    for plan in risk.strategies:
        why = (
            ""
            if plan.action == "contact"
            else f" ({plan.exclusion}"
            + (f": {plan.exclusion_detail})" if plan.exclusion_detail else ")")
        )
        _say(
            console,
            f"action  {plan.strategy}: {plan.action}{why}, rank {plan.rank}, expects"
            f" {plan.expected_profit:,.2f} ({plan.evidence})",
        )


def _estimate(estimate: Estimate, *, percent: bool = False) -> str:
    def written(number: float) -> str:
        return f"{number:.1%}" if percent else f"{number:,.2f}"

    if estimate.low is None or estimate.high is None:
        return written(estimate.value)
    return f"{written(estimate.value)} ({written(estimate.low)} to {written(estimate.high)})"


def _print_edge(edge: EdgeExplanation, console: Console) -> None:
    counts = edge.counts
    _say(
        console,
        f"{edge.item.title} ({edge.item.item_id}) -> {edge.neighbour.title}"
        f" ({edge.neighbour.item_id})",
    )
    _say(console, edge.verdict)
    table = Table("evidence", "in all", "that count", title_justify="left")
    for name, n_any, n in (
        ("users of the item", counts.item_users_any, counts.item_users),
        ("users of the neighbour", counts.neighbour_users_any, counts.neighbour_users),
        ("users of both", counts.shared_users_any, counts.shared_users),
    ):
        table.add_row(name, f"{n_any:,}", f"{n:,}")
    console.print(table)
    both, mine, theirs = counts.shared_users, counts.item_users, counts.neighbour_users
    _say(console, f"cosine      {both} / sqrt({mine} * {theirs}) = {edge.cosine:.6f}")
    _say(
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
        _say(console, f"published   {edge.stored_similarity:.6f}, {same}")
    for name, strength in edge.other_edges.items():
        _say(console, f"also        {name}: {strength:.6f}")


def _print_axis(axis: AxisExplanation, console: Console) -> None:
    _say(console, f"axis {axis.axis}: {axis.name}")
    _say(
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
    _say(
        console,
        "users' shares on it: "
        + ", ".join(f"{name} {score:.3f}" for name, score in axis.scores.items()),
    )

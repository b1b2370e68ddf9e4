"""A user's list, risk and value as a terminal shows them."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.local_days import tell_cutoff
from ntg_assets.revenue.radar.user_risk import Estimate, RiskStory
from ntg_assets.serving.explain_user import ItemExplanation, UserExplanation

SHOWN_FROM = 0.00005  # four digits are printed
# a history item that carries less than this part of the strongest one's says nothing to a person
SEED_SHARE = 0.01


def say(console: Console, text: str) -> None:
    """Print a line as it is."""
    console.print(escape(text), highlight=False, soft_wrap=True)


def print_user(user: UserExplanation, console: Console, *, is_of_item: bool) -> None:
    """What was asked first: the item, where one was named; else whether the user leaves and what
    that costs, then the list.
    """
    cutoff = tell_cutoff(user.as_of, user.timezone)
    say(
        console,
        f"user {user.user_id}: {user.n_events:,} events of {user.n_items:,} items, known before"
        f" {cutoff}",
    )
    if user.explained and is_of_item:
        _print_item(user.explained, console)
    if user.risk:
        _print_risk(user.risk, console)
    else:
        say(console, "risk    the radar does not hold this user")
    say(console, f"latest  {'; '.join(item.title for item in user.recent)}")
    if user.axes:
        axes = "; ".join(
            f"{axis.name} (above {axis.percentile:.0%} of users)" for axis in user.axes
        )
        say(console, f"taste   {axes}")
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
    say(console, item.verdict)


def _print_risk(risk: RiskStory, console: Console) -> None:
    unit = "index points, not money" if risk.unit == "index" else risk.unit
    say(
        console,
        f"risk    {_estimate(risk.churn, percent=True)} leave within the churn horizon;"
        f" {risk.segment}; band {risk.band}, rank {risk.rank}",
    )
    for reason in risk.reasons:
        say(console, f"        because {reason}")
    say(
        console,
        f"stake   {risk.stake:,.2f} more if the user stays than if not; at risk"
        f" {_estimate(risk.revenue_at_risk)} ({unit})",
    )
    parts = ", ".join(f"{name} {part:.3g}" for name, part in risk.value_parts.items())
    say(console, f"value   {_estimate(risk.ltv)} over {risk.horizon_days} days; {parts}")
    for plan in risk.strategies:
        why = (
            ""
            if plan.action == "contact"
            else f" ({plan.exclusion}"
            + (f": {plan.exclusion_detail})" if plan.exclusion_detail else ")")
        )
        say(
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

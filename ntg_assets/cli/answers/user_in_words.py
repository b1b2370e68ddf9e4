"""A user's list, risk and value as a terminal shows them."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ntg_assets.cli.lines import say
from ntg_assets.local_days import describe_cutoff
from ntg_assets.ranking.lists.explain import Contribution
from ntg_assets.revenue.radar.user_risk import Estimate, RiskStory, StrategyStory
from ntg_assets.serving.explain_user import ItemExplanation, UserExplanation

PART_HEADINGS = ("source", "weight", "x feature", "= part", "from the user's history")
SHOWN_FROM = 0.00005  # four digits are printed
# a history item that carries less than this part of the strongest one's says nothing to a person
SEED_SHARE = 0.01


def print_user(user: UserExplanation, console: Console, *, is_of_item: bool) -> None:
    """What was asked first: the item, where one was named; else whether the user leaves and what
    that costs, then the list.
    """
    cutoff = describe_cutoff(user.as_of, user.timezone)
    counts = f"{user.n_events:,} events of {user.n_items:,} items, known before {cutoff}"
    say(console, f"user {user.user_id}: {counts}")
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
    console.print(_list_of(user))
    if user.explained and not is_of_item:
        _print_item(user.explained, console)


def _list_of(user: UserExplanation) -> Table:
    table = Table("#", "item", "score", "reason", title="list", title_justify="left")
    for place in user.places:
        table.add_row(
            str(place.rank),
            escape(f"{place.title} ({place.item_id})"),
            f"{place.score:.4f}",
            escape(place.reason),
        )
    return table


def _print_item(item: ItemExplanation, console: Console) -> None:
    title = escape(item.item.title)
    table = Table(*PART_HEADINGS, title=title, title_justify="left")
    for part in item.parts:
        numbers = (part.weight, part.feature, part.contribution)
        seeds = "\n".join(_seeds(part))
        table.add_row(part.source, *(f"{number:.4f}" for number in numbers), escape(seeds))
    table.add_section()
    table.add_row("sum of the parts", "", "", f"{item.total:.4f}", "")
    if item.boost != 1.0:
        boosted = f"{item.score:.4f}"
        table.add_row("x boost", f"{item.boost:g}", "", boosted, "ranking.rules.boosts")
    console.print(table)
    say(console, item.verdict)


def _seeds(part: Contribution) -> list[str]:
    """Items of the user's history behind a part of a score, as far as they say anything."""
    if part.contribution < SHOWN_FROM:
        return []
    return [
        f"{seed.title}: {seed.profile_weight:.3f} x edge {seed.edge_strength:.4f}"
        for seed in part.seeds
        if seed.strength >= SEED_SHARE * part.seeds[0].strength
    ]


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
        say(console, f"action  {_plan_in_words(plan)}")


def _plan_in_words(plan: StrategyStory) -> str:
    """What a strategy does about the user, why it does not, and what it expects."""
    detail = f": {plan.exclusion_detail}" if plan.exclusion_detail else ""
    why = "" if plan.action == "contact" else f" ({plan.exclusion}{detail})"
    return (
        f"{plan.strategy}: {plan.action}{why}, rank {plan.rank}, expects"
        f" {plan.expected_profit:,.2f} ({plan.evidence})"
    )


def _estimate(estimate: Estimate, *, percent: bool = False) -> str:
    def written(number: float) -> str:
        return f"{number:.1%}" if percent else f"{number:,.2f}"

    if estimate.low is None or estimate.high is None:
        return written(estimate.value)
    return f"{written(estimate.value)} ({written(estimate.low)} to {written(estimate.high)})"

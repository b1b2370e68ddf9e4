"""What each business rule changes: lists made rule after rule, and compared place by place."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from ntg_assets.arrays import Longs
from ntg_assets.configuration.rules import Freshness, RulesSettings
from ntg_assets.interactions.interactions import Interactions, code_interactions
from ntg_assets.ranking.learning.inner_cut import sample_users
from ntg_assets.ranking.lists.excluded_items import ExcludedItems
from ntg_assets.ranking.lists.item_rules import apply_rules, boosted, exclusions, unknown_names
from ntg_assets.ranking.lists.recommendations import rank_users
from ntg_assets.ranking.scoring.list_rules import list_rules
from ntg_assets.ranking.scoring.model import RankingModel, with_rules
from ntg_assets.ranking.scoring.scores import is_large, user_blocks

SCHEMA = {
    "position": pl.Int64,
    "rule": pl.String,
    "applies_to": pl.String,
    "n_items": pl.Int64,
    "n_users": pl.Int64,
    "n_places": pl.Int64,
    "n_places_changed": pl.Int64,
    "n_places_lost": pl.Int64,
    "n_users_changed": pl.Int64,
    "warning": pl.String,
}


class Step(NamedTuple):
    """One rule.

    Attributes:
        rule: Its key below `ranking.rules`.
        applies_to: What it names, in words.
        settings: The rules up to this one.
        names: Which items it names.
        warning: Names that nothing bears.
    """

    rule: str
    applies_to: str
    settings: RulesSettings
    names: pl.Expr
    warning: str | None = None


def no_rules() -> pl.DataFrame:
    """Make `ranking_rules_report` of a configuration without rules."""
    return pl.DataFrame(schema=SCHEMA)


def report_rules(
    events: pl.DataFrame,
    model: RankingModel,
    *,
    facts: pl.DataFrame,
    excluded: ExcludedItems,
    seed: int,
) -> pl.DataFrame:
    """Make `ranking_rules_report`.

    Args:
        events: TRAIN: `user_id`, `item_id`, `event_at`.
        model: The model without rules.
        facts: `item_rules`: age and categories of each item.
        excluded: What `exclude_items_file` names.
        seed: Chooses the users that are looked at, where there are more than `report_users`.

    Returns:
        One row per rule: each compares the lists with the rules up to it with those made by the
            rules before it.
    """
    users = sample_users(
        events["user_id"].unique(), most=model.settings.rules.report_users, seed=seed
    )
    log = code_interactions(
        events.filter(pl.col("user_id").is_in(users.implode())), items=model.items
    )
    before, rows = _places(log, model), []
    for position, step in enumerate(_steps(model.settings.rules, facts, excluded), start=1):
        judged = apply_rules(
            facts,
            rules=step.settings,
            excluded=excluded.ids if step.settings.exclude_items_file else (),
        )
        after = _places(
            log, with_rules(model, list_rules(judged, items=model.items, settings=step.settings))
        )
        rows.append(
            {
                "position": position,
                "rule": step.rule,
                "applies_to": step.applies_to,
                "n_items": facts.filter(step.names).height,
                "n_users": log.n_users,
                "n_places": int((before >= 0).sum()),
                "n_places_changed": int((before != after).sum()),
                "n_places_lost": int(((before >= 0) & (after < 0)).sum()),
                "n_users_changed": int((before != after).any(axis=1).sum()),
                "warning": step.warning,
            }
        )
        before = after
    return pl.DataFrame(rows, schema=SCHEMA)


def _places(log: Interactions, model: RankingModel) -> Longs:
    """Return users x places: the item code of each place, -1 where a list is shorter."""
    compiled, parts = is_large(log), []
    for block in user_blocks(log, compiled=compiled):
        lists = rank_users(block, model, compiled=compiled)
        part = np.full((block.n_users, model.settings.top_k), -1, np.int64)
        part[lists.user, lists.rank - 1] = lists.item
        parts.append(part)
    return np.concatenate(parts) if parts else np.empty((0, model.settings.top_k), np.int64)


def _steps(rules: RulesSettings, facts: pl.DataFrame, excluded: ExcludedItems) -> Iterator[Step]:
    """Take the rules apart: each step keeps what came before it."""
    so_far = RulesSettings(report_users=rules.report_users)
    for key, value, applies_to, names, warning in (
        *_exclusion_steps(rules, facts, excluded),
        *_list_steps(rules, facts),
    ):
        so_far = so_far.model_copy(update={key: value})
        yield Step(key, applies_to, so_far, names, warning)


Part = tuple[str, object, str, pl.Expr, str | None]


def _exclusion_steps(
    rules: RulesSettings, facts: pl.DataFrame, excluded: ExcludedItems
) -> Iterator[Part]:
    hits = dict(exclusions(rules, excluded.ids))
    if rules.exclude_items:
        told = _no_item(list(map(str, rules.exclude_items)), facts)
        yield (
            "exclude_items",
            rules.exclude_items,
            f"{len(rules.exclude_items)} items",
            hits["exclude_items"],
            told,
        )
    if rules.exclude_items_file:
        hit = hits["exclude_items_file"]
        yield (
            "exclude_items_file",
            rules.exclude_items_file.files,
            f"{excluded.n_listed} items",
            hit,
            excluded.warning,
        )
    for position, name in enumerate(rules.exclude_categories, start=1):
        names = hits[f"exclude_categories: {name}"]
        yield (
            "exclude_categories",
            rules.exclude_categories[:position],
            name,
            names,
            _no_category(name, facts),
        )
    for key in ("minimum_age_days", "maximum_age_days"):
        if (days := getattr(rules, key)) is not None:
            yield key, days, f"{days:g} days", hits[key], None


def _list_steps(rules: RulesSettings, facts: pl.DataFrame) -> Iterator[Part]:
    for position, boost in enumerate(rules.boosts, start=1):
        what = boost.category or f"item {boost.item}"
        warning = (
            _no_category(what, facts) if boost.category else _no_item([str(boost.item)], facts)
        )
        applies_to = f"{what} x {boost.factor:g}"
        yield "boosts", rules.boosts[:position], applies_to, boosted(boost), warning
    if rules.freshness:
        yield _freshness_step(rules.freshness, facts)
    yield from _category_steps(rules, facts)
    if rules.diversity:
        applies_to = f"by {rules.diversity.by}, relevance {rules.diversity.relevance_weight:g}"
        yield "diversity", rules.diversity, applies_to, pl.lit(value=True), None


def _freshness_step(freshness: Freshness, facts: pl.DataFrame) -> Part:
    new = pl.col("age_days") <= freshness.within_days
    applies_to = (
        f"{freshness.at_least} places for items first seen within {freshness.within_days:g} days"
    )
    warning = None if facts.filter(new).height else "no item of TRAIN is that new"
    return "freshness", freshness, applies_to, new, warning


def _category_steps(rules: RulesSettings, facts: pl.DataFrame) -> Iterator[Part]:
    for position, cap in enumerate(rules.category_caps, start=1):
        names = pl.col("categories").list.contains(cap.category)
        applies_to = f"{cap.category} <= {cap.at_most}"
        warning = _no_category(cap.category, facts)
        yield "category_caps", rules.category_caps[:position], applies_to, names, warning
    if most := rules.every_category_at_most:
        names = pl.col("categories").list.len() > 0
        yield "every_category_at_most", most, f"each category <= {most}", names, None


def _no_item(ids: list[str], facts: pl.DataFrame) -> str | None:
    return unknown_names(ids, facts["item_id"], what="has the id")


def _no_category(name: str, facts: pl.DataFrame) -> str | None:
    return unknown_names(
        [name], facts["categories"].explode().drop_nulls().unique(), what="is in the category"
    )

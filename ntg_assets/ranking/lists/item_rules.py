"""What the business rules say of each item: the one table that the night and online callers read
them from.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from difflib import get_close_matches

import polars as pl

from ntg_assets.configuration.rules import Boost, RulesSettings
from ntg_assets.errors import ConfigurationError

MICROSECONDS_PER_DAY = 86_400_000_000
COLUMNS = ["item_id", "first_seen_at", "age_days", "categories", "exclusion", "boost", "is_new"]
SHOWN = 3  # names in a sentence


def validate_items(
    events: pl.DataFrame,
    item_categories: pl.DataFrame,
    *,
    rules: RulesSettings,
    cutoff_at: datetime,
    excluded: Collection[str] = (),
    unavailable: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Make `item_rules`: what the rules say of each item of TRAIN.

    Args:
        events: TRAIN: `item_id`, `event_at`.
        item_categories: `item_id`, `category`, `position`; may be empty.
        rules: The configuration.
        cutoff_at: The instant from which ages are counted.
        excluded: Items, as text, that `exclude_items_file` names.
        unavailable: `unavailable_items`: they are shown to nobody, whatever the rules say.

    Raises:
        ConfigurationError: rules speak of categories, and the source has none.
    """
    _raise_if_without_categories(item_categories, rules)
    judged = apply_rules(_facts(events, item_categories, cutoff_at), rules=rules, excluded=excluded)
    if unavailable is None or unavailable.is_empty():
        return judged
    told = judged.join(unavailable, on="item_id", how="left", maintain_order="left")
    return told.with_columns(pl.coalesce("reason", "exclusion").alias("exclusion")).select(COLUMNS)


def apply_rules(
    facts: pl.DataFrame, *, rules: RulesSettings, excluded: Collection[str] = ()
) -> pl.DataFrame:
    """Judge items whose age and categories are known (`item_rules` itself will do) by rules."""
    return facts.with_columns(
        exclusion=pl.coalesce(
            *(pl.when(hit).then(pl.lit(name)) for name, hit in exclusions(rules, excluded)),
            pl.lit(None, pl.String),
        ),
        boost=_boost(rules),
        is_new=(
            pl.col("age_days") <= rules.freshness.within_days
            if rules.freshness
            else pl.lit(value=False)
        ),
    ).select(COLUMNS)


def _facts(
    events: pl.DataFrame, item_categories: pl.DataFrame, cutoff_at: datetime
) -> pl.DataFrame:
    named = item_categories.sort("item_id", "position").rename({"category": "categories"})
    listed = named.group_by("item_id", maintain_order=True).agg("categories")
    items = (
        events.group_by("item_id")
        .agg(pl.col("event_at").min().alias("first_seen_at"))
        .sort("item_id")
    )
    items = items.join(listed, on="item_id", how="left", maintain_order="left")
    items = items.with_columns(pl.col("categories").cast(pl.List(pl.String)).fill_null([]))
    age = (
        pl.lit(cutoff_at).cast(pl.Datetime("us")) - pl.col("first_seen_at")
    ).dt.total_microseconds() / MICROSECONDS_PER_DAY
    return items.with_columns(age_days=age)


def unknown_names(names: Sequence[str], known: pl.Series, *, what: str) -> str | None:
    """Say in one sentence which names of a rule nothing bears,
    with the nearest known one; null when all are known.
    """
    texts = set(known.cast(pl.String))
    missing = sorted({name for name in names if name not in texts})
    if not missing:
        return None
    nearest = [f"{name!r}" + _hint(name, texts) for name in missing[:SHOWN]]
    more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
    return f"no item of TRAIN {what} {', '.join(nearest)}{more}"


def _hint(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.75) if not name.isdigit() else []
    return f" (did you mean {close[0]!r}?)" if close else ""


def _raise_if_without_categories(item_categories: pl.DataFrame, rules: RulesSettings) -> None:
    by_category = rules.diversity is not None and rules.diversity.by == "categories"
    if item_categories.is_empty() and (
        rules.categories or rules.every_category_at_most or by_category
    ):
        raise ConfigurationError(
            "ranking.rules: rules speak of categories, and the source has none. Name `ingest.items`"
            " with its `categories` column, or drop these rules."
        )


def exclusions(rules: RulesSettings, excluded: Collection[str]) -> list[tuple[str, pl.Expr]]:
    """List the reasons to exclude an item, in the order in which they are told."""
    item, held = pl.col("item_id").cast(pl.String), pl.col("categories")
    found = [
        ("exclude_items", item.is_in(sorted(map(str, rules.exclude_items)))),
        ("exclude_items_file", item.is_in(sorted(excluded))),
        *(
            (f"exclude_categories: {name}", held.list.contains(name))
            for name in rules.exclude_categories
        ),
    ]
    if rules.minimum_age_days is not None:
        found.append(("minimum_age_days", pl.col("age_days") < rules.minimum_age_days))
    if rules.maximum_age_days is not None:
        found.append(("maximum_age_days", pl.col("age_days") > rules.maximum_age_days))
    return found


def _boost(rules: RulesSettings) -> pl.Expr:
    factor = pl.lit(1.0)
    for boost in rules.boosts:
        factor = factor * pl.when(boosted(boost)).then(boost.factor).otherwise(1.0)
    return factor


def boosted(boost: Boost) -> pl.Expr:
    """Whether an item is meant by a boost."""
    if boost.category is None:
        return pl.col("item_id").cast(pl.String) == str(boost.item)
    return pl.col("categories").list.contains(boost.category)

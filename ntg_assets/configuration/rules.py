"""Business rules of the lists: what may be shown at all, and what a list must look like."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from ntg_assets.configuration.inputs.columns_from import ColumnName
from ntg_assets.configuration.inputs.files import FileSource
from ntg_assets.configuration.inputs.spellings import as_files
from ntg_assets.configuration.section import Section


class Boost(Section):
    """A factor on the score of one item or of all items of a category."""

    item: int | str | None = None
    """Item, by its id; or give a category."""
    category: str | None = None
    """Category, as the item table writes it."""
    factor: float = Field(gt=0, le=1000)
    """The score is multiplied by it: above 1 moves up,
    below 1 moves down. Factors of several boosts multiply.
    """

    @model_validator(mode="after")
    def _names_one_thing(self) -> "Boost":
        if (self.item is None) == (self.category is None):
            raise ValueError("a boost names either an item or a category. Give one of the two.")
        return self


class CategoryCap(Section):
    """Most places of a list that one category may take."""

    category: str
    """Category, as the item table writes it."""
    at_most: int = Field(ge=0)
    """Places."""


class Freshness(Section):
    """Places that a list holds for new items. An item's age counts from its first event in the
    log.
    """

    within_days: float = Field(gt=0)
    """An item first seen at most so many days before the cutoff is new."""
    at_least: int = Field(ge=1)
    """Places of the first `top_k` that go to new items,
    as far as the user has new candidates that the caps let through.
    """


class Diversity(Section):
    """Variety: each place goes to the item with the best balance of score and difference from what
    the list holds already.
    """

    by: Literal["categories", "graph"] = "categories"
    """Likeness of two items: shared categories over all their categories,
    or the taste graph's similarity.
    """
    relevance_weight: float = Field(default=0.7, ge=0, le=1)
    """The lambda of maximal marginal relevance: 1 is the order by score, 0 variety alone."""


class ItemListSettings(FileSource):
    """A list of items: files, and what the column of ids is called in them."""

    item_id: ColumnName = "item_id"


class RulesSettings(Section):
    """Rules, in the order in which they act. None are set by default, and then no list changes."""

    exclude_items: list[int | str] = Field(default_factory=list)
    """Items that are never shown, by id."""
    exclude_items_file: Annotated[ItemListSettings | None, BeforeValidator(as_files)] = None
    """The same from a file: its path (relative to the project folder; its column is `item_id`), or
    the files described (`{files: blocked.csv, delimiter: ";", item_id: Artikel}`).
    """
    exclude_categories: list[str] = Field(default_factory=list)
    """Categories whose items are never shown."""
    minimum_age_days: float | None = Field(default=None, gt=0)
    """Items first seen less than so many days before the cutoff are not shown."""
    maximum_age_days: float | None = Field(default=None, gt=0)
    """Items first seen more than so many days before the cutoff are not shown."""
    boosts: list[Boost] = Field(default_factory=list)
    """Factors on scores."""
    freshness: Freshness | None = None
    """Places held for new items."""
    category_caps: list[CategoryCap] = Field(default_factory=list)
    """Most places per category."""
    every_category_at_most: int | None = Field(default=None, ge=1)
    """The same for every category without a cap of its own."""
    diversity: Diversity | None = None
    """Variety as an aim."""
    report_users: int = Field(default=1_000, ge=1)
    """Users (chosen by a hash) whose lists `ranking_rules_report` makes once per rule to say what
    it changed.
    """

    @model_validator(mode="after")
    def _ages_leave_something(self) -> "RulesSettings":
        low, high = self.minimum_age_days, self.maximum_age_days
        if low is not None and high is not None and low > high:
            raise ValueError(
                f"minimum_age_days {low:g} is above maximum_age_days {high:g}, so no item could be"
                " shown. Swap or drop one."
            )
        return self

    @property
    def are_set(self) -> bool:
        """Whether any rule is configured."""
        return bool(self.model_dump(exclude_defaults=True, exclude={"report_users"}))

    @property
    def reorder(self) -> bool:
        """Whether a rule looks at the list as a whole."""
        return bool(
            self.freshness or self.category_caps or self.every_category_at_most or self.diversity
        )

    @property
    def categories(self) -> list[str]:
        """Categories that the rules name."""
        boosted = [boost.category for boost in self.boosts if boost.category is not None]
        return [*self.exclude_categories, *boosted, *(cap.category for cap in self.category_caps)]

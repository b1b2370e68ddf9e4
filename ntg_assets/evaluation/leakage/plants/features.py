"""Leaks of the features: days, snapshots and catalogues that reach past the cutoff."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

FEATURES = "features/assets.py"

PLANTS: dict[str, Plant] = {
    "days-of-the-whole-log": Plant(
        "active days are counted in the whole log, held-out days included",
        (
            Edit(FEATURES, "def user_days(train_events: Table)", "def user_days(events: Table)"),
            Edit(
                FEATURES,
                '"user_days", {"train_events": train_events}',
                '"user_days", {"train_events": events}',
            ),
        ),
    ),
    "counts-of-the-load": Plant(
        "active days know how many events the whole load has accepted",
        (
            Edit(
                FEATURES,
                "def user_days(train_events: Table)",
                "def user_days(load_ledger: Table, train_events: Table)",
            ),
        ),
    ),
    "snapshot-sees-its-own-day": Plant(
        "the features of a snapshot count the day on which it is taken",
        (
            Edit(
                "features/user_activity_features.sql",
                "days.active_on < cutoffs.cutoff_on",
                "days.active_on <= cutoffs.cutoff_on",
            ),
        ),
        ("unit/test_features_arithmetic.py",),
    ),
    "snapshot-sees-a-month-ahead": Plant(
        "the features of a snapshot count the thirty days after it",
        (
            Edit(
                "features/user_activity_features.sql",
                "days.active_on < cutoffs.cutoff_on",
                "days.active_on < cutoffs.cutoff_on + interval 30 day",
            ),
        ),
        ("unit/test_features_arithmetic.py",),
    ),
    "catalogue-of-tomorrow": Plant(
        "features count the categories of items that were released later",
        (
            Edit(
                "features/user_taste_features.sql",
                "    category_sums.n_categories,\n    cast(category_spread",
                "    category_sums.n_categories + (select count(*) from item_categories) as n_categories,\n"
                "    cast(category_spread",
            ),
        ),
    ),
}

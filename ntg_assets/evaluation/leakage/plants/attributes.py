"""Leaks of facts about users and items: versions, consent, licences and regions of tomorrow."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

ASSETS, AS_OF = "attributes/assets.py", "attributes/attributes_as_of.sql"

PLANTS: dict[str, Plant] = {
    "facts-known-at-the-very-instant": Plant(
        "a fact counts that became known exactly at the cutoff",
        (
            Edit(
                AS_OF,
                "timestamp '0001-01-01 00:00:00') < wanted.cutoff_at",
                "timestamp '0001-01-01 00:00:00') <= wanted.cutoff_at",
            ),
        ),
        ("unit/test_attributes.py",),
    ),
    "facts-of-a-later-version": Plant(
        "a fact counts from when it holds, not from when it was known",
        (
            Edit(
                AS_OF,
                "            and coalesce(attributes.known_from_at,"
                " timestamp '0001-01-01 00:00:00') < wanted.cutoff_at\n",
                "",
            ),
        ),
        ("unit/test_attributes.py",),
    ),
    "consent-of-tomorrow": Plant(
        "who has agreed to be contacted is told by all that the sources say",
        (
            Edit(
                "revenue/contacts/assets.py",
                "        at=train_end(split_boundaries),\n",
                "        at=latest_instant(attributes, train_end(split_boundaries)),\n",
            ),
        ),
    ),
    "licences-of-tomorrow": Plant(
        "items are shown by the licences that are known three weeks later",
        (
            Edit(
                ASSETS,
                "        at=train_end(split_boundaries),\n        zone",
                "        at=train_end(split_boundaries) + __import__('datetime').timedelta(21),\n"
                "        zone",
            ),
        ),
    ),
    "regions-of-tomorrow": Plant(
        "users are where they have moved by the end of the files",
        (
            Edit(
                ASSETS,
                "    at = train_end(split_boundaries)\n",
                '    at = max(train_end(split_boundaries), attributes["known_from_at"].max())\n',
            ),
        ),
    ),
    "costs-of-a-later-version": Plant(
        "what it cost to win users is told by the latest version of each fact",
        (
            Edit(
                "subscriptions/money/acquisition.py",
                '.select("user_id", "started_on", "currency", snapshot_on=pl.lit(cutoff_on))',
                '.select("user_id", "started_on", "currency",'
                " snapshot_on=pl.lit(cutoff_on).dt.offset_by('300d'))",
            ),
        ),
    ),
}

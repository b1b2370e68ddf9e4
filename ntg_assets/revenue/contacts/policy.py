"""Who may not be contacted, and why: withheld lists, opt-outs, exclusions,
contact caps, the random holdout. Every reason is recorded.

Whoever a list names in any spelling (`sources/values/ids.py`) is on it: in doubt nobody is
contacted.

The holdout is drawn by a hash of the user alone, last: it consists of people who could have been
contacted, each with one and the same probability, night after night. So a later comparison of
contacted and held-out users is a randomised trial.
"""

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.contacts.contact_rules import RULES
from ntg_assets.revenue.contacts.lists.user_lists import UserLists
from ntg_assets.sources.values.ids import KnownIds, match_ids

NONE, WITHHELD, OPTED_OUT, EXCLUDED, CONTACTED, HOLDOUT, OVER_BUDGET = (
    "none",
    "withheld",
    "opted_out",
    "excluded",
    "contacted_recently",
    "holdout",
    "over_budget",
)
# the first that holds decides
POLICY = (WITHHELD, OPTED_OUT, *RULES, EXCLUDED, CONTACTED, HOLDOUT)
EXCLUSIONS = (NONE, *POLICY, OVER_BUDGET)
LISTED = (NONE, HOLDOUT)  # whoever the strategy wants and the policy allows
NOBODY = UserLists()


def intervention_exclusions(
    radar: pl.DataFrame,
    *,
    settings: RadarSettings,
    lists: UserLists = NOBODY,
    holds: pl.DataFrame | None = None,
    rules: pl.DataFrame | None = None,
    as_of: date | None = None,
    taken_back: pl.DataFrame | None = None,
    made: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """List every reason for which an at-risk user is not contacted.

    Args:
        radar: `revenue_risk_radar`.
        settings: Caps and holdout.
        lists: Opt-outs, exclusions, past contacts.
        holds: `contact_holds`; any row of it keeps everyone from being contacted.
        rules: `contact_rules`; None: nobody needs to agree, and there are no contracts.
        as_of: Tonight; contacts count in `[as_of - contact_window_days, as_of)`. None: there are no
            contacts to count.
        taken_back: Contacts by lists of tonight that were published before and taken back; they
            count, too.
        made: `user_id`, `contacted_on`, `is_made`: what the CRM reported of past nights. A contact
            that it did not make, or that bounced, does not count; one that it made does, whether
            the log holds it or not.

    Returns:
        `intervention_exclusions`, one row per (user, reason), by user and in the order in which
        reasons decide.
    """
    users = radar.filter("is_at_risk_population").select("user_id").sort("user_id")
    ids = KnownIds(users["user_id"])
    ruled = {} if rules is None else {name: _ruled(users, rules, name) for name in RULES}
    barred = {
        WITHHELD: _withheld(users, holds),
        OPTED_OUT: _listed(ids, lists.opted_out.with_columns(detail=pl.lit("on the opt-out list"))),
        **ruled,
        EXCLUDED: _listed(ids, lists.excluded),
        CONTACTED: _capped(
            ids, lists.contacts, settings=settings, as_of=as_of, taken_back=taken_back, made=made
        ),
        HOLDOUT: _held_out(users, settings),
    }
    return _in_order(users, barred)


def _in_order(users: pl.DataFrame, barred: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Put the reasons of each user in the order in which they decide; the first one does."""
    reasons = [
        rows.select("user_id", exclusion=pl.lit(name), detail="detail")
        for name, rows in barred.items()
        if rows.height
    ]
    if not reasons:
        return users.clear().with_columns(
            exclusion=pl.lit(""), detail=pl.lit(""), is_deciding=pl.lit(value=True)
        )
    ordered = pl.concat(reasons).with_columns(
        place=pl.col("exclusion").replace_strict({name: k for k, name in enumerate(POLICY)})
    )
    deciding = ordered.sort("user_id", "place").with_columns(
        is_deciding=pl.int_range(pl.len()).over("user_id") == 0
    )
    return deciding.drop("place")


def _withheld(users: pl.DataFrame, holds: pl.DataFrame | None) -> pl.DataFrame:
    """Everyone, where a list that decides could not be read."""
    if holds is None or holds.is_empty():
        return users.clear()
    return users.with_columns(detail=pl.lit(holds["sentence"][0]))


def _ruled(users: pl.DataFrame, rules: pl.DataFrame, name: str) -> pl.DataFrame:
    """Users whom one of `RULES` keeps from being contacted."""
    rows = rules.filter(pl.col("exclusion") == name).select("user_id", "detail")
    return users.join(rows, on="user_id", how="inner")


def _listed(ids: KnownIds, rows: pl.DataFrame) -> pl.DataFrame:
    """Find who is on a list (`listed_id`, `detail`), in whatever spelling;
    of several details the first as text is told.
    """
    pairs = match_ids(rows["listed_id"], ids).pairs
    details = rows.group_by("listed_id").agg(pl.col("detail").min())
    detailed = pairs.join(details, on="listed_id", how="inner").sort(
        "known_id", "is_exact", "detail", descending=[False, True, False]
    )
    written = (
        pl.when("is_exact")
        .then("detail")
        .otherwise(pl.format("{} (written as '{}')", "detail", "listed_id"))
    )
    return detailed.unique("known_id", keep="first", maintain_order=True).select(
        user_id="known_id", detail=written
    )


def _capped(
    ids: KnownIds,
    contacts: pl.DataFrame,
    *,
    settings: RadarSettings,
    as_of: date | None,
    taken_back: pl.DataFrame | None = None,
    made: pl.DataFrame | None = None,
) -> pl.DataFrame:
    window = settings.contact_window_days
    counts = _recent_contacts(
        ids, contacts, window=window, as_of=as_of, taken_back=taken_back, made=made
    )
    detail = pl.format(
        "contacted {} times in the last {} days, at most {}",
        "n",
        pl.lit(window),
        pl.lit(settings.max_contacts),
    )
    counted = counts.group_by("user_id").agg(n=pl.len())
    often = counted.filter(pl.col("n") >= settings.max_contacts)
    return often.sort("user_id").with_columns(detail=detail)


def _recent_contacts(
    ids: KnownIds,
    contacts: pl.DataFrame,
    *,
    window: int,
    as_of: date | None,
    taken_back: pl.DataFrame | None,
    made: pl.DataFrame | None,
) -> pl.DataFrame:
    """Contacts of users of the log that count (`contacted_on`, `user_id`); see
    `intervention_exclusions`.
    """
    since = None if as_of is None else as_of - timedelta(days=window)
    recent = (
        contacts.filter((pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of))
        if as_of
        else contacts.clear()
    )
    if taken_back is not None:
        recent = pl.concat([recent.select(taken_back.columns), taken_back])
    pairs = match_ids(recent["listed_id"], ids).pairs
    counts = recent.join(pairs, on="listed_id", how="inner").select(
        "contacted_on", user_id="known_id"
    )
    if made is None or as_of is None:
        return counts
    within = pl.col("contacted_on").is_between(since, as_of, closed="left")
    return as_reported(counts, made.filter(within))


def as_reported(contacts: pl.DataFrame, made: pl.DataFrame) -> pl.DataFrame:
    """Correct past contacts (`contacted_on`, `user_id`) by what was reported of them."""
    key = ["user_id", "contacted_on"]
    kept = contacts.join(made.filter(~pl.col("is_made")), on=key, how="anti")
    further = made.filter("is_made").join(contacts, on=key, how="anti")
    return pl.concat([kept, further.select(kept.columns)])


def _held_out(users: pl.DataFrame, settings: RadarSettings) -> pl.DataFrame:
    """The random holdout, by a hash of the user alone."""
    share, ids = settings.holdout_share, users["user_id"].to_list()
    drawn = [unit_interval(settings.holdout_salt, user) < share for user in ids]
    detail = f"held out at random ({share:.0%})"
    held_out = users.filter(pl.Series("is_holdout", drawn, dtype=pl.Boolean))
    return held_out.with_columns(detail=pl.lit(detail))

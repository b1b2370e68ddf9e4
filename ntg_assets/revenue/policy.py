"""Who may not be contacted, and why: opt-outs, exclusions, contact caps, the random holdout. Every reason is recorded.

The holdout is drawn by a hash of the user alone, last: it consists of people who could have been contacted, each with one and the same
probability, night after night. So a later comparison of contacted and held-out users is a randomised trial.
"""

from datetime import date, timedelta

import polars as pl

from ntg_assets.randomness import unit_interval
from ntg_assets.revenue.settings import RadarSettings
from ntg_assets.revenue.user_lists import UserLists

NONE, OPTED_OUT, EXCLUDED, CONTACTED, HOLDOUT, OVER_BUDGET = EXCLUSIONS = (
    "none",
    "opted_out",
    "excluded",
    "contacted_recently",
    "holdout",
    "over_budget",
)
POLICY = (OPTED_OUT, EXCLUDED, CONTACTED, HOLDOUT)  # the first that holds decides
NOBODY = UserLists()


def intervention_exclusions(
    radar: pl.DataFrame, *, settings: RadarSettings, lists: UserLists = NOBODY, as_of: date | None = None
) -> pl.DataFrame:
    """List every reason for which an at-risk user is not contacted.

    Args:
        radar: `revenue_risk_radar`.
        settings: Caps and holdout.
        lists: Opt-outs, exclusions, past contacts.
        as_of: Tonight; contacts count in `[as_of - contact_window_days, as_of)`. None: there are no contacts to count.

    Returns:
        `intervention_exclusions`, one row per (user, reason), by user and in the order in which reasons decide.
    """
    users = radar.filter("is_at_risk_population").select("user_id", user=pl.col("user_id").cast(pl.String)).sort("user_id")
    found = {
        OPTED_OUT: _with_detail(users.filter(pl.col("user").is_in(list(lists.opted_out))), "on the opt-out list"),
        EXCLUDED: users.join(lists.excluded.rename({"reason": "detail"}), on="user", how="inner", maintain_order="left"),
        CONTACTED: _capped(users, lists.contacts, settings=settings, as_of=as_of),
        HOLDOUT: _with_detail(users.filter(_is_held_out(users["user_id"], settings)), f"held out at random ({settings.holdout_share:.0%})"),
    }
    reasons = [rows.select("user_id", exclusion=pl.lit(name), detail="detail") for name, rows in found.items()]
    ordered = pl.concat(reasons).with_columns(place=pl.col("exclusion").replace_strict({name: k for k, name in enumerate(POLICY)}))
    deciding = ordered.sort("user_id", "place").with_columns(is_deciding=pl.int_range(pl.len()).over("user_id") == 0)
    return deciding.drop("place")


def _capped(users: pl.DataFrame, contacts: pl.DataFrame, *, settings: RadarSettings, as_of: date | None) -> pl.DataFrame:
    window = settings.contact_window_days
    since = None if as_of is None else as_of - timedelta(days=window)
    recent = contacts.filter((pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of)) if as_of else contacts.clear()
    n_contacts = recent.group_by("user").agg(n=pl.len()).filter(pl.col("n") >= settings.max_contacts)
    told = pl.format("contacted {} times in the last {} days, at most {}", "n", pl.lit(window), pl.lit(settings.max_contacts))
    return users.join(n_contacts, on="user", how="inner", maintain_order="left").with_columns(detail=told)


def _is_held_out(users: pl.Series, settings: RadarSettings) -> pl.Series:
    drawn = [unit_interval(settings.holdout_salt, user) < settings.holdout_share for user in users.to_list()]
    return pl.Series("is_holdout", drawn, dtype=pl.Boolean)


def _with_detail(rows: pl.DataFrame, detail: str) -> pl.DataFrame:
    return rows.with_columns(detail=pl.lit(detail))

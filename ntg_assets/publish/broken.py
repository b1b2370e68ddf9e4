"""What was configured and could not be used,
or only with doubts: for the page and for the end of a run.
"""

from collections.abc import Callable
from datetime import datetime

import polars as pl

from ntg_assets.events.volume import describe_doubts
from ntg_assets.revenue.contacts.lists.listed_rows import KEYS
from ntg_assets.revenue.contacts.lists.user_list_report import remarks

Reader = Callable[[str, str], pl.DataFrame]


def describe_broken(read: Reader) -> list[str]:
    """Say what is missing from this night beside withheld contact lists,
    and why; the rest of it is as whole as ever.

    Args:
        read: Gives a table by schema and name.
    """
    sources = read("ingest", "optional_sources").filter(
        ~pl.col("is_usable") & ~pl.col("source").is_in(list(KEYS.values()))
    )
    sentences = [
        f"{row['source']}: {row['sentence'].rstrip('.')}; so {row['consequence']}"
        for row in sources.iter_rows(named=True)
    ]
    problems = read("experiments", "experiment_problems").filter(pl.col("step") != "sources")
    sentences += [
        f"experiments.{experiment}: {step} could not be made: {reason}"
        for experiment, step, reason in problems.iter_rows()
    ]
    sentences += [
        f"{source}: nothing could be estimated: {reason}"
        for source, reason in read("backtest", "off_policy_problems").iter_rows()
    ]
    sentences += [
        f"radar.trial: nothing is measured: {reason}"
        for reason in read("live", "persuadability_report")["problem"].drop_nulls()
    ]
    return sentences


def describe_doubtful(read: Reader) -> list[str]:
    """Say where the log is smaller than it was,
    which lists and logs write ids otherwise than it, hold rows without one, or nothing yet.
    """
    sentences = [
        f"ingest.volume: {sentence}"
        for sentence in describe_doubts(read("ingest", "volume_report"), "warn")
    ]
    sentences += remarks(read("live", "user_list_report"))
    near = read("experiments", "unit_id_report").filter(pl.col("n_near") > 0)
    return sentences + [
        f"experiments.{row['experiment']}: {row['n_near']:,} of {row['n_units']:,} units are"
        f" written otherwise in the {row['outcomes']} ({row['first_near']}): nothing that they did"
        " counts"
        for row in near.iter_rows(named=True)
    ]


def describe_age(judged: pl.DataFrame, shown: pl.DataFrame) -> list[str]:
    """Say how much older the evidence is than the lists; nothing where both end together.

    Args:
        judged: Boundaries of the back-test, whose last part ends where its evidence does.
        shown: Boundaries of the live stage.
    """
    ends_at, known_at = judged["end_at"].max(), shown["end_at"].max()
    if not isinstance(ends_at, datetime) or not isinstance(known_at, datetime):
        return []
    days = (known_at - ends_at).days
    sentence = (
        f"split: the evidence ends on {ends_at:%Y-%m-%d}, {days:,} day(s) before what is shown"
    )
    return [sentence] if days > 0 else []

"""Checks of the contact lists: nobody is contacted who must not be, and what keeps lists back is
said.
"""

from collections.abc import Sequence

import dagster as dg
import polars as pl

from ntg_assets.churn.reasons.sentences import LOWERS, RAISES
from ntg_assets.configuration.revenue import RadarSettings
from ntg_assets.orchestration.checking import staged_check
from ntg_assets.orchestration.project import Project
from ntg_assets.revenue.contacts.contact_candidates import LEFT
from ntg_assets.revenue.contacts.hidden_silence import describe_hidden
from ntg_assets.revenue.contacts.lists.contact_holds import describe_holds
from ntg_assets.revenue.contacts.lists.user_list_report import remarks
from ntg_assets.revenue.contacts.objectives import WIN_BACK
from ntg_assets.revenue.contacts.trial.trial_log import TRIAL
from ntg_assets.stages import LIVE, STAGES

# some users whom a strategy wants have no sign of leaving, and are told so
MOST_WITHOUT_A_RAISING_REASON = 0.05


def targets_against_policy(targets: pl.DataFrame, radar: pl.DataFrame) -> pl.DataFrame:
    """Return targets that are contacted in spite of an exclusion,
    or whose revenue at risk is not the radar's.
    """
    beside = targets.join(
        radar.select("user_id", known="revenue_at_risk"), on="user_id", how="left"
    )
    is_contact = pl.col("action") == "contact"
    holds = (is_contact == (pl.col("exclusion") == "none")) & (
        pl.col("known") == pl.col("revenue_at_risk")
    )
    return beside.filter(~holds.fill_null(value=False)).select(
        "strategy", "user_id", "action", "exclusion", "revenue_at_risk", "known"
    )


def leavers_on_the_wrong_list(
    contacts: pl.DataFrame, candidates: pl.DataFrame, *, win_back: Sequence[str]
) -> pl.DataFrame:
    """Return the contacts of people who left by another strategy than a win-back, and those of
    others by one.

    Args:
        contacts: Rows of `intervention_targets` that are contacted.
        candidates: `contact_candidates`.
        win_back: Names of the strategies that are about people who left.
    """
    left = candidates.filter(pl.col("basis") == LEFT)["user_id"].implode()
    is_won_back = pl.col("strategy").is_in(list(win_back))
    return contacts.filter(pl.col("user_id").is_in(left) != is_won_back)


def win_back_names(radar: RadarSettings) -> list[str]:
    """Name the strategies that are about people who left."""
    return [strategy.name for strategy in radar.strategies if strategy.objective == WIN_BACK]


def describe_sent(report: pl.DataFrame) -> list[str]:
    """Say how many of the treated were sent what was intended, where the CRM has reported it."""
    return [
        f"{row['n_treated_sent']:,} of {row['n_treated_reported']:,} treated users whose night was"
        " read back were reached; all count as drawn (intention to treat)"
        for row in report.filter(pl.col("n_treated_reported") > 0).iter_rows(named=True)
    ]


def contacts_without_a_raising_reason(
    targets: pl.DataFrame, *, win_back: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the contacts whose reason does not say what raises the risk; who left is at none."""
    contacts = targets.filter(
        pl.col("action") == "contact", ~pl.col("strategy").is_in(list(win_back))
    )
    return contacts.filter(
        ~pl.col("reason").str.contains(RAISES, literal=True).fill_null(value=False)
    ).select("strategy", "user_id", "reason")


@staged_check("contact_candidates", stages=STAGES)
def silence_is_no_missing_day(contact_candidates: pl.DataFrame) -> dg.AssetCheckResult:
    """Nobody's silence is made of days that the log does not hold; a warning, since those of whom
    that cannot be told are on no list.
    """
    sentence = describe_hidden(contact_candidates)
    return dg.AssetCheckResult(
        passed=not sentence,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence or "no day of anybody's silence is missing from the log",
    )


@staged_check("intervention_targets", stages=STAGES, blocking=True)
def targets_obey_the_policy(
    intervention_targets: pl.DataFrame, contact_candidates: pl.DataFrame
) -> dg.AssetCheckResult:
    """Nobody excluded is contacted, and every target carries the candidates' figure."""
    offenders = targets_against_policy(intervention_targets, contact_candidates)
    summary = (
        f"{intervention_targets.height:,} rows, {offenders.height} against the policy or the radar"
    )
    return dg.AssetCheckResult(
        passed=offenders.is_empty(),
        description=summary,
        metadata={"first": str(offenders.head(3).rows())},
    )


@staged_check("intervention_targets", stages=STAGES, blocking=True)
def contacts_may_be_made(
    intervention_targets: pl.DataFrame,
    contact_rules: pl.DataFrame,
    contact_candidates: pl.DataFrame,
    project: Project,
) -> dg.AssetCheckResult:
    """Nobody is contacted who has not agreed or whose contract ended, nobody who pays without
    watching but by a strategy that says so, and who left by a win-back alone.
    """
    contacts = intervention_targets.filter(pl.col("action") == "contact")
    ruled = contacts.join(contact_rules.select("user_id").unique(), on="user_id", how="semi")
    waking = [strategy.name for strategy in project.settings.radar.strategies if strategy.sleepers]
    asleep = contacts.filter(~pl.col("strategy").is_in(waking)).join(
        contact_candidates.filter("is_sleeper"), on="user_id", how="semi"
    )
    misplaced = leavers_on_the_wrong_list(
        contacts, contact_candidates, win_back=win_back_names(project.settings.radar)
    )
    broken = [*ruled.head(3).rows(), *asleep.head(3).rows(), *misplaced.head(3).rows()]
    return dg.AssetCheckResult(
        passed=not broken,
        description=(
            f"{contacts.height:,} contacts: {ruled.height:,} of people without consent or a running"
            f" contract, {asleep.height:,} of people who pay and do not watch, {misplaced.height:,}"
            " of people who left by no win-back, or who did not by one"
        ),
        metadata={"first": str(broken)},
    )


@staged_check("intervention_targets", stages=STAGES)
def contacts_lead_with_what_raises_the_risk(
    intervention_targets: pl.DataFrame,
    project: Project,
) -> dg.AssetCheckResult:
    """Nineteen of twenty contacts say what surely raises the risk,
    and none leads with what lowers it.
    """
    win_back = win_back_names(project.settings.radar)
    n_contacts = intervention_targets.filter(
        pl.col("action") == "contact", ~pl.col("strategy").is_in(win_back)
    ).height
    without = contacts_without_a_raising_reason(intervention_targets, win_back=win_back)
    n_lowering = without.filter(pl.col("reason").str.contains(LOWERS, literal=True)).height
    summary = (
        f"{n_contacts - without.height:,} of {n_contacts:,} contacts say what raises the risk;"
        f" {n_lowering:,} lead with what lowers it"
    )
    return dg.AssetCheckResult(
        passed=without.height <= MOST_WITHOUT_A_RAISING_REASON * n_contacts and n_lowering == 0,
        severity=dg.AssetCheckSeverity.WARN,
        description=summary,
        metadata={"first": str(without.head(3).rows())},
    )


@staged_check("intervention_assignments", stages=STAGES, blocking=True)
def nobody_is_contacted_while_lists_are_withheld(
    intervention_assignments: pl.DataFrame,
    contact_holds: pl.DataFrame,
    intervention_targets: pl.DataFrame,
) -> dg.AssetCheckResult:
    """While there is a reason to contact nobody,
    no list and no log of assignments names anybody.
    """
    n_named = intervention_targets.height + intervention_assignments.height
    summary = (
        f"{contact_holds.height} reasons to contact nobody, {n_named:,} rows of lists and"
        " assignments"
    )
    return dg.AssetCheckResult(passed=contact_holds.is_empty() or n_named == 0, description=summary)


@staged_check("contact_holds", stages=(LIVE,))
def contact_lists_go_out(contact_holds: pl.DataFrame) -> dg.AssetCheckResult:
    """Nothing keeps the contact lists of the night back; all else is published either way."""
    summary = (
        f"every contact list is withheld: {describe_holds(contact_holds)}"
        if contact_holds.height
        else "nothing keeps the lists back"
    )
    return dg.AssetCheckResult(
        passed=contact_holds.is_empty(),
        description=summary,
        metadata={"n_reasons": contact_holds.height},
    )


@staged_check("user_list_report", stages=(LIVE,))
def user_lists_match_the_log(user_list_report: pl.DataFrame) -> dg.AssetCheckResult:
    """Each id of a list is written as in the log, each row has one,
    each log of contacts has a file, a trial names somebody; a warning.
    """
    unmatched_trial = user_list_report.filter(
        (pl.col("list") == TRIAL) & ~pl.col("is_usable") & (pl.col("n_rows") > 0)
    )
    notes = [
        *remarks(user_list_report),
        *(
            f"{source}: {reason}"
            for source, reason in unmatched_trial.select("source", "reason").rows()
        ),
    ]
    counts = [
        f"{row['source']}: {row['n_found']:,} of {row['n_ids']:,} ids found, {row['n_near']:,}"
        " nearly"
        for row in user_list_report.iter_rows(named=True)
    ]
    return dg.AssetCheckResult(
        passed=not notes,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(notes or counts) or "no list of users is configured",
    )


@staged_check("persuadability_report", stages=(LIVE,))
def trial_can_be_measured(persuadability_report: pl.DataFrame) -> dg.AssetCheckResult:
    """The configured contact trial is measured, whatever it then says;
    without it strategies rest on the assumed save rate.
    """
    problems = persuadability_report["problem"].drop_nulls().to_list()
    return dg.AssetCheckResult(
        passed=not problems,
        description="; ".join([*problems, *describe_sent(persuadability_report)])
        or "nothing went wrong",
    )

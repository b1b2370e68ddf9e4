"""Leaks of contracts: ends, prices and payments that nobody knew of yet, windows still open."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

HAZARD, WINBACK = "subscriptions/hazard", "subscriptions/winback"

PLANTS: dict[str, Plant] = {
    "ends-before-they-are-known": Plant(
        "an end that lies before the cutoff counts, whenever it became known",
        (
            Edit(
                "subscriptions/terms/known_terms.py",
                '(pl.col("end_known_on") < cutoff_on).fill_null(value=False)',
                '(pl.col("ended_on") < cutoff_on).fill_null(value=False)',
            ),
        ),
        ("leakage/test_contract_leakage.py",),
    ),
    "terms-before-they-are-known": Plant(
        "a term that begins before the cutoff counts, whenever it became known",
        (
            Edit(
                "subscriptions/terms/known_terms.py",
                'terms.filter(pl.col("known_on") < cutoff_on)',
                'terms.filter(pl.col("started_on") < cutoff_on)',
            ),
        ),
        ("leakage/test_contract_leakage.py",),
    ),
    "prices-before-they-are-announced": Plant(
        "a snapshot of the past knows the price of the month to come before it was announced",
        (
            Edit(
                f"{HAZARD}/contract_states.sql",
                "            known_terms.started_on < snapshots.snapshot_on\n"
                "            and known_terms.known_on < snapshots.snapshot_on\n",
                "            known_terms.started_on < snapshots.snapshot_on + interval 30 day\n",
            ),
        ),
    ),
    "payments-of-the-day-itself": Plant(
        "a snapshot counts the payments that fail on its own day",
        (
            Edit(
                f"{HAZARD}/contract_payments.sql",
                "payments.happened_on < contract_states.snapshot_on",
                "payments.happened_on <= contract_states.snapshot_on",
            ),
        ),
        ("leakage/test_contract_leakage.py",),
    ),
    "cash-of-later-days": Plant(
        "what users have brought counts the payments that came after the cutoff",
        (
            Edit(
                "subscriptions/money/cash.py",
                '        pl.col("happened_on") < cutoff_on,\n',
                "",
            ),
        ),
    ),
    "signals-of-the-week-to-come": Plant(
        "what may announce an end is counted until a week after the snapshot",
        (
            Edit(
                f"{HAZARD}/contract_signals.sql",
                "days.event_on < wanted.snapshot_on",
                "days.event_on < wanted.snapshot_on + interval 7 day",
            ),
        ),
    ),
    "ends-of-later-origins": Plant(
        "the hazard of an origin is fitted with ends that became known after it",
        (
            Edit(
                f"{HAZARD}/learning_rows.py",
                'is_known = (pl.col("contract_end_known_on") < day).fill_null(value=False)',
                'is_known = pl.col("contract_end_known_on").is_not_null()',
            ),
        ),
    ),
    "contracts-of-open-windows": Plant(
        "the hazard of an origin is fitted on snapshots whose window was open, with how it closed",
        (
            Edit(
                f"{HAZARD}/learning_rows.py",
                'return as_known(at_risk(rows).filter(pl.col("snapshot_on") <= until), day)',
                'return at_risk(rows).filter(pl.col("snapshot_on") < day)',
            ),
        ),
    ),
    "left-before-it-is-known": Plant(
        "somebody counts as having left before the end of the contract was known",
        (
            Edit(
                f"{WINBACK}/return_snapshots.sql",
                "            and contracts.contract_end_known_on < snapshots.snapshot_on\n"
                "            and date_diff(",
                "            and date_diff(",
            ),
            Edit(
                f"{WINBACK}/return_snapshots.sql",
                "                    contracts.contract_end_on < last_ended.snapshot_on\n"
                "                    and contracts.contract_end_known_on < last_ended.snapshot_on, false\n",
                "                    contracts.contract_end_on < last_ended.snapshot_on, false\n",
            ),
        ),
    ),
    "returns-of-open-windows": Plant(
        "the chance to return at an origin is fitted on people whose window was open",
        (
            Edit(
                f"{WINBACK}/learning.py",
                'rows.filter(pl.col("snapshot_on") <= day - timedelta(days=horizon_days))',
                'rows.filter(pl.col("snapshot_on") < day)',
            ),
        ),
    ),
    "survival-of-later-terms": Plant(
        "how long contracts last is told at a past origin by all terms of the file",
        (
            Edit(
                "subscriptions/survival/survival_backtest.py",
                "known_terms(terms, cutoff_on=day,",
                'known_terms(terms, cutoff_on=terms["known_on"].max(),',
            ),
        ),
    ),
    "survival-with-later-ends": Plant(
        "how contracts go on at a past origin is learned with ends that became known after it",
        (
            Edit(
                "subscriptions/survival/survival_backtest.py",
                'as_known(rows.filter(pl.col("snapshot_on") <= day), day)',
                'rows.filter(pl.col("snapshot_on") <= day)',
            ),
        ),
    ),
    "movements-of-the-whole-file": Plant(
        "how revenue moved is told from all terms of the file",
        (
            Edit(
                "subscriptions/money/assets.py",
                "def revenue_waterfall(known_terms: pl.DataFrame, split_boundaries",
                "def revenue_waterfall(subscription_terms: pl.DataFrame, split_boundaries",
            ),
            Edit(
                "subscriptions/money/assets.py",
                "    return move(known_terms, cutoff_on=",
                "    from ntg_assets.subscriptions.terms.known_terms import known_terms as know\n"
                "    known_terms = know(subscription_terms, longest_gap_days=1,"
                ' cutoff_on=subscription_terms["known_on"].max())\n'
                "    return move(known_terms, cutoff_on=",
            ),
        ),
    ),
}

"""Leaks of who is written to: verdicts and contacts that nobody has when the list is made."""

from ntg_assets.evaluation.leakage.plants.plant import Edit, Plant

PLANTS: dict[str, Plant] = {
    "live-reads-the-verdict": Plant(
        "what holds tonight's lists back takes the calibration that held-out events gave",
        (
            Edit(
                "revenue/contacts/lists/assets.py",
                '@staged_asset(contract=ContactHolds, group="revenue", stages=(LIVE,), kinds=("polars",))',
                '@staged_asset(contract=ContactHolds, group="revenue", stages=(LIVE,), kinds=("polars",),'
                ' reads={"churn_calibration": BACKTEST})',
            ),
            Edit(
                "revenue/contacts/lists/assets.py",
                "def contact_holds(\n    user_list_report: pl.DataFrame,",
                "def contact_holds(\n    churn_calibration: pl.DataFrame, user_list_report: pl.DataFrame,",
            ),
        ),
    ),
    "contacts-of-tomorrow": Plant(
        "contacts that were made after the cutoff count against the cap",
        (
            Edit(
                "revenue/contacts/policy.py",
                '(pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of)',
                '(pl.col("contacted_on") >= since) & (pl.col("contacted_on") < as_of + timedelta(9))',
            ),
        ),
        ("unit/test_revenue_policy.py",),
    ),
    "contacts-of-later-nights": Plant(
        "what the CRM did of later nights' lists counts",
        (
            Edit(
                "revenue/contacts/contacts_taken.py",
                "if before is None or file.day < before",
                "if before is None or file.day != before",
            ),
        ),
    ),
    "lists-taken-back-later": Plant(
        "lists of later days that were taken back count as contacts",
        (Edit("history/contacts.py", "if file.day == day and", "if file.day >= day and"),),
    ),
}

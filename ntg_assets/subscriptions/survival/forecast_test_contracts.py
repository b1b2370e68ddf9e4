"""Contract (of a table) of the tests of past forecasts of contracts."""

from ntg_assets.contracts import Contract, column, contract
from ntg_assets.subscriptions.survival.forecast_tests import KINDS
from ntg_assets.subscriptions.survival.scores import AFTER_PERIODS
from ntg_assets.summaries import summary


@contract("contract_forecast_tests")
@summary(
    measures={
        "n_tests": "count(*)",
        "n_off": "count(*) filter (is_off)",
        "smallest_p_adjusted": "min(p_adjusted)",
    },
)
class ContractForecastTests(Contract):
    """One row per (renewals ahead, origin, group): how many contracts were expected to end, how
    many did, and whether that is more than chance.
    """

    after_periods: int = column(
        "Renewals ahead; 0: within the churn horizon", isin=[0, *AFTER_PERIODS]
    )
    origin: str = column("Day of the forecast, or all origins")
    group_kind: str = column("What the group is of", isin=[*KINDS])
    group_name: str = column("Which currency, plan, billing period (ISO 8601) or state; all")
    n_contracts: int = column("Contracts of which it is known by the cutoff", ge=1)
    n_ended: int = column("Of them, those that ended", ge=0)
    expected_ended: float = column("Sum of the chances of it, as the model that is used says", ge=0)
    p_value: float = column(
        "Two-sided, Poisson-binomial, of users whose contracts end together no smaller than that of"
        " the clustered variance",
        unit="probability",
        ge=0,
        le=1,
    )
    p_adjusted: float = column(
        "The same over all rows of the table (Holm)", unit="probability", ge=0, le=1
    )
    is_off: bool = column("Whether it is proven off (5%) by more than a quarter")

    class Config:
        unique = ["after_periods", "origin", "group_kind", "group_name"]

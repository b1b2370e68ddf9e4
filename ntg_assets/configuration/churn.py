"""What churn is, and how it is learned."""

from pydantic import Field

from ntg_assets.configuration.section import Section


class ChurnSettings(Section):
    """Horizon, population, snapshots, model."""

    horizon_days: int = Field(default=90, ge=1)
    """A user who is not active in `[T, T + horizon)` has churned at T."""
    at_risk_days: int | None = Field(default=None, ge=1)
    """Only users active in `[T - at_risk, T)` are scored as at risk; null: twice the horizon."""
    step_days: int | None = Field(default=None, ge=1)
    """Distance of the snapshots; null: a quarter of the horizon."""
    max_snapshots: int = Field(default=400, ge=1)
    """Most recent closed snapshots that are pooled for the fit."""
    max_fit_rows: int = Field(default=500_000, ge=100)
    """Most (user, snapshot) rows of the fit; beyond it every k-th row of all is taken."""
    warm_up_days: int | None = Field(default=None, ge=0)
    """No snapshot lies in the log's first so many days, where at least eight remain;
    null: the at-risk window.

    Measured by walk forward with the at-risk window: log loss -0.0013 (0.0004) and ECE .0132 ->
    .0096 on the Complete Journey, nothing on MovieLens and on planted worlds."""
    min_tenure_days: int = Field(default=0, ge=0)
    """Users younger than this at T are not part of the fit."""
    regularisation: float = Field(default=0.1, gt=0)
    """Inverse strength C of the L2 penalty on standardised features, once three windows that do not
    overlap have closed; with fewer it is as much smaller."""
    calibration_bins: int = Field(default=10, ge=2)
    """Equal-mass bins of the reliability curve."""
    walk_forward_origins: int = Field(default=8, ge=0)
    """Past origins inside TRAIN, a horizon apart, at which the model is refitted and judged."""

    @property
    def at_risk_window_days(self) -> int:
        return self.at_risk_days or 2 * self.horizon_days

    @property
    def warm_up_window_days(self) -> int:
        return self.at_risk_window_days if self.warm_up_days is None else self.warm_up_days

    @property
    def snapshot_step_days(self) -> int:
        return self.step_days or max(1, self.horizon_days // 4)

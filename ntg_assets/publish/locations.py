"""Where reports, figures and the page lie below the workspace."""

REPORT_FOLDER = "outputs/reports"
FIGURE_FOLDER = "reports/figures"
BRIEF = "reports/decision_brief.html"

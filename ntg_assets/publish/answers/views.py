"""Which views there are, what they read, and how they are made."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from ntg_assets.contracts import contract_of
from ntg_assets.publish.store_schema import column_comments, comment_on
from ntg_assets.sql import Table, quote_identifier, read_sql
from ntg_assets.stages import BACKTEST, EXPERIMENTS, INGEST, LIVE

SCHEMA = "answers"


@dataclass(frozen=True)
class Answer:
    """One view.

    Attributes:
        name: Of the view and of its SQL file.
        question: What it answers: its comment.
        tables: Tables named in its text, with their schemas.
        columns: What its own columns mean; one that has the name of a column of its tables means
            what that means.
    """

    name: str
    question: str
    tables: Mapping[str, str]
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def reads(self) -> set[tuple[str, str]]:
        return {(schema, table) for table, schema in self.tables.items()}


ANSWERS = (
    Answer(
        "lists",
        "What is each user shown tonight, and why? One row per user and place of the list.",
        {"recommendations": LIVE, "items": INGEST},
    ),
    Answer(
        "contacts",
        "Who is contacted tonight, by which strategy, and what is that worth? One row per strategy"
        " and user; no rows while the lists are withheld (live.contact_holds says why).",
        {"intervention_targets": LIVE, "contact_holds": LIVE},
    ),
    Answer(
        "users",
        "Who is about to leave, what does that cost, and what are they shown? One row per user of"
        " the radar.",
        {
            "revenue_risk_radar": LIVE,
            "churn_scores": LIVE,
            "recommendations": LIVE,
            "intervention_targets": LIVE,
        },
        {
            "first_title": "Title at the head of the user's list",
            "n_strategies": "Strategies whose list the user is on, withheld or not",
        },
    ),
    Answer(
        "similar_titles",
        "Which titles belong together? One row per edge of the taste graph, with both titles.",
        {"taste_graph": LIVE, "items": INGEST},
        {
            "title": "Title of the item; null: the item table has none",
            "neighbour_title": "Title of the neighbour; null: the item table has none",
        },
    ),
    Answer(
        "model_quality",
        "How good are the models, on what they have not seen? One row per model and measure.",
        {
            "ranking_report": BACKTEST,
            "churn_calibration": BACKTEST,
            "radar_backtest": BACKTEST,
            "value_backtest": BACKTEST,
        },
        {
            "model": "ranking, churn, radar or value",
            "measured_on": (
                "Held-out part (test), or forecasts whose horizon had closed (holdout: the last;"
                " walk_forward: many)"
            ),
            "measure": (
                "ndcg@10, recall@10, hit@10: higher is better; auc: higher; ece, log_loss, brier:"
                " lower; captured_share@10%: share of the lost value among the tenth ranked first;"
                " spearman: higher; bias_ratio: 1 is right"
            ),
            "value": "Value of the measure",
            "low": "Lower end of its interval; null: none is made",
            "high": "Upper end of its interval; null: none is made",
            "reference": (
                "The same measure of the popularity list, of the base rate, or of a ranking that"
                " knows what came; null: none"
            ),
            "n_users": "Users that it was measured on",
        },
    ),
    Answer(
        "experiments",
        "What did the experiments decide, and on which numbers? One row per experiment; the numbers"
        " are those of the readout that the decision rests on, null where there is none.",
        {"decisions": EXPERIMENTS, "readouts": EXPERIMENTS},
    ),
    Answer(
        "populations",
        "For whom is each score made? One row per table of scores: who is in it, of whom the number"
        " is a forecast, and how many that are.",
        {
            "user_features": LIVE,
            "recommendations": LIVE,
            "churn_scores": LIVE,
            "ltv_estimates": LIVE,
            "revenue_risk_radar": LIVE,
            "contract_scores": LIVE,
            "return_scores": LIVE,
            "uplift_estimates": LIVE,
            "contact_candidates": LIVE,
        },
        {
            "scores": "Table of scores",
            "population": "Who has a row there",
            "meant_for": "Of whom it is a forecast",
            "n_users": "Rows that are one user (or one contract) each",
            "n_meant": "Of them, those of whom it is a forecast",
            "n_known_users": "Users with an event before the cutoff",
        },
    ),
    Answer(
        "strategies",
        "Which strategy of contacts pays best? One row per strategy; profits compare only among"
        " strategies of one compare_within.",
        {"strategy_comparison": LIVE},
        {
            "compare_within": (
                "Unit, evidence of the save rate, and whether costs are counted: profits of two"
                " strategies compare only where all three are the same"
            ),
            "place_within": "Place by expected profit among those, from 1",
            "n_within": "Strategies among which it is a place",
        },
    ),
    Answer(
        "load",
        "Was the whole log read, and what was not taken? One row per source file.",
        {"load_ledger": INGEST, "quarantine": INGEST},
        {
            "main_reason": "Reason for which most of its rows were rejected; null: none was",
            "n_main_reason": "Rows that were rejected for it",
            "example": "The first of them, as the source has it",
        },
    ),
    Answer(
        "dictionary",
        "Which table holds what? One row per column of every table and view:"
        " select * from answers.dictionary where meaning ilike '%churn%'.",
        {},
        {
            "table_schema": "Schema",
            "table_name": "Table or view",
            "column_name": "Column",
            "position": "Place of the column, from 1",
            "column_type": "DuckDB type",
            "can_be_null": "Whether a value may be missing",
            "meaning": "What the column holds",
            "unit": "Its unit, where the contract states one ('see column unit': of each row)",
            "made_from": (
                "Columns that it is made from, one step back (answers.column_sources has them as"
                " rows, and who says so); a table alone: its rows are counted, or no column is"
                " known; null: it is read from files"
            ),
            "table_meaning": "What a row of the table is",
        },
    ),
)


def create_answers(connection: duckdb.DuckDBPyConnection, answers: Sequence[Answer]) -> None:
    """Make the views in the current database, with comments on each and on its columns."""
    connection.execute(f"create schema if not exists {SCHEMA}")
    for answer in answers:
        for statement in statements(answer):
            connection.execute(statement)
        named = f"{SCHEMA}.{quote_identifier(answer.name)}"
        meanings = meanings_of(answer)
        for name, *_ in connection.execute(f"describe {named}").fetchall():
            column = f"{named}.{quote_identifier(name)}"
            connection.execute(comment_on("column", column, meanings[name]))


def statements(answer: Answer) -> Iterator[str]:
    """Write what makes a view and says what it answers; each table of its text is bound by name."""
    named = f"{SCHEMA}.{quote_identifier(answer.name)}"
    bound = ", ".join(
        f"{quote_identifier(table)} as (select * from {Table(schema, table).quoted})"
        for table, schema in answer.tables.items()
    )
    text = read_sql("publish.answers", answer.name)
    rows = f"select * from (\n{text}\n)"
    yield f"create view {named} as {f'with {bound} ' if bound else ''}{rows}"
    yield comment_on("view", named, answer.question)


def meanings_of(answer: Answer) -> dict[str, str]:
    """Return what each column of a view, and each of the tables it reads, means."""
    inherited: dict[str, str] = {}
    for table in reversed([*answer.tables]):
        inherited |= column_comments(contract_of(table))
    return inherited | dict(answer.columns)

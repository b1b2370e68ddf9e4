"""Views of the published store for the questions that are asked first, one SQL file each."""

from ntg_assets.publish.answers.views import ANSWERS, SCHEMA, Answer, create_answers

__all__ = ["ANSWERS", "SCHEMA", "Answer", "create_answers"]

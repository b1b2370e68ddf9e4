"""The questions that every experiment is asked, in order: one file each, found by being in a folder
of questions.

A question is a function of an experiment and its evidence that yields checks. It is added by adding
a file with a function under `@asks(place)`.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from ntg_assets.configuration.experiments.settings import ExperimentSettings
from ntg_assets.experiments.data.evidence import Evidence
from ntg_assets.experiments.health.health_check import HealthCheck

Ask = Callable[[ExperimentSettings, Evidence], Iterator[HealthCheck]]


class Question(NamedTuple):
    """One question, and its place among the others."""

    place: int
    name: str
    ask: Ask


QUESTIONS: list[Question] = []


def asks(place: int) -> Callable[[Ask], Ask]:
    """Register a question under the name of its file.

    Raises:
        ValueError: another question has the same place.
    """

    def register(ask: Ask) -> Ask:
        name = ask.__module__.rsplit(".", maxsplit=1)[-1]
        for other in QUESTIONS:
            if other.place == place:
                msg = f"{name} and {other.name} both want to be question {place}"
                raise ValueError(msg)
        QUESTIONS.append(Question(place, name, ask))
        QUESTIONS.sort()
        return ask

    return register

"""What the service is asked and what it answers."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    NaiveDatetime,
    StrictInt,
    StrictStr,
    field_validator,
    model_validator,
)

MOST_PLACES = 500  # of a list
MOST_EVENTS = 10_000  # of a history given by hand
MOST_BODY_BYTES = 2_000_000
EARLIEST_YEAR, LATEST_YEAR = 1900, 2200  # what is outside is a wrong unit, not a time

Places = Field(ge=1, le=MOST_PLACES)  # of a list


def _is_text(given: str) -> str:
    """Refuse half a character: JSON can write a lone surrogate, which no table can hold."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise ValueError("holds a lone surrogate, which is no character") from None
    return given


Id = StrictInt | Annotated[StrictStr, AfterValidator(_is_text)]


class Message(BaseModel):
    """Closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class GivenQuery(Message):
    """What may stand behind the question mark."""

    k: Annotated[int, Places] | None = None
    """Length of the list; none: `ranking.top_k`."""


class GivenEvent(Message):
    """One event of a history given by hand."""

    item_id: Id
    event_at: NaiveDatetime | AwareDatetime | None = None
    """ISO; without a zone UTC. Either every event has one,
    or none: then the last event is the most recent.
    """

    @field_validator("event_at")
    @classmethod
    def _is_of_our_time(cls, at: datetime | None) -> datetime | None:
        if at is not None and not EARLIEST_YEAR <= at.year <= LATEST_YEAR:
            raise ValueError(f"the year {at.year} is not between {EARLIEST_YEAR} and {LATEST_YEAR}")
        return at

    @property
    def at_utc(self) -> datetime | None:
        """The instant as naive UTC."""
        at = self.event_at
        return at if at is None or at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)


class GivenHistory(Message):
    """A request for the list of somebody with this history."""

    events: Annotated[list[GivenEvent], Field(min_length=1, max_length=MOST_EVENTS)]
    k: Annotated[StrictInt, Places] | None = None
    """Length of the list; none: `ranking.top_k`."""

    @model_validator(mode="after")
    def _all_times_or_none(self) -> "GivenHistory":
        n_timed = sum(event.event_at is not None for event in self.events)
        if 0 < n_timed < len(self.events):
            raise ValueError(
                f"{n_timed} of {len(self.events)} events have an event_at. Give one with each, or"
                " with none"
            )
        return self


class ListedItem(Message):
    """One place of a list; the fields are columns of `recommendations`."""

    rank: int
    item_id: Id
    title: str
    score: float
    reason: str
    rule: str | None = None
    strongest_source: str | None = None
    recommendation_id: str | None = None


class ListAnswer(Message):
    """A list."""

    generation: str
    as_of: datetime
    """Cutoff (UTC) until when the log is known."""
    user_id: Id | None = None
    kind: Literal["personal", "default"]
    """`default`: nothing is known of the user, so this is the list for users without history."""
    n_unknown_items: int = 0
    """Items of a given history that the catalogue does not know; they do not count."""
    items: list[ListedItem]


class Health(Message):
    """Which generation is served."""

    status: Literal["ok", "stale"]
    """`stale`: a newer generation could not be loaded (see `problem`), the one before is served."""
    generation: str
    as_of: datetime
    n_users: int
    n_items: int
    configuration_matches: bool
    """Whether the publication was made with the configuration of this service;
    if not, lists may differ from those of the night.
    """
    problem: str | None = None


class Problem(Message):
    """Why there is no answer, in one sentence."""

    error: str

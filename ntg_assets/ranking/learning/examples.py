"""Examples that teach the blend: candidates of label users, and which of them were taken."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ntg_assets.arrays import Flags, Floats, Longs, starts_of

FINEST_FOLDS = 8


@dataclass(frozen=True)
class Examples:
    """Candidates of label users (one per user and inner cut), by user, then by item code.

    Attributes:
        user: Label user of each candidate, from 0.
        features: Candidates x sources.
        returns: Candidates x `return_parts`; NaN for what the user has not had. No columns where
        consumed items are not shown again.
        taken: Whether the user took the candidate.
        n_relevant: What each label user took, found as a candidate or not.
        is_contender: Whether some source ranks the candidate high enough to teach.
        fold: Part of the users, of `FINEST_FOLDS`, that each label user belongs to: the same in
            every cut.
    """

    user: Longs
    features: Floats
    returns: Floats
    taken: Flags
    is_contender: Flags
    n_relevant: Longs
    fold: Longs

    @property
    def n_users(self) -> int:
        return len(self.n_relevant)

    @cached_property
    def start(self) -> Longs:
        return starts_of(self.user, n_groups=self.n_users)

    @cached_property
    def has_target(self) -> Flags:
        """Label users with a taken candidate: the others teach nothing."""
        return np.bincount(self.user, self.taken, minlength=self.n_users) > 0

    @cached_property
    def target(self) -> Floats:
        """Weight of each taken candidate: together 1 per user."""
        n_taken = np.bincount(self.user, self.taken, minlength=self.n_users)
        return self.taken / np.maximum(n_taken, 1)[self.user]

    def with_features(self, features: Floats) -> "Examples":
        """Return the same examples with other features."""
        return replace(self, features=features)

    def only(self, users: Flags) -> "Examples":
        """Return the examples of some of the label users."""
        number = np.cumsum(users) - 1
        rows = users[self.user]
        return self._rows(rows, number, users)

    def contenders(self) -> "Examples":
        """Return the candidates that teach, with the label users who have any."""
        users = np.bincount(self.user, self.is_contender, minlength=self.n_users) > 0
        return self._rows(self.is_contender, np.cumsum(users) - 1, users)

    def _rows(self, rows: Flags, number: Longs, users: Flags) -> "Examples":
        columns = (
            self.features[rows],
            self.returns[rows],
            self.taken[rows],
            self.is_contender[rows],
        )
        return Examples(number[self.user[rows]], *columns, self.n_relevant[users], self.fold[users])

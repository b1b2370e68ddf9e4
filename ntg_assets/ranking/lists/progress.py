"""Say how far work that goes user by user has come."""

from collections.abc import Callable

STEPS = 10  # lines at most


class Progress:
    """Tells about each tenth of the users: `candidates: 48,640 of 162,000 users`."""

    def __init__(self, tell: Callable[[str], None], *, what: str) -> None:
        self.tell, self.what, self.told = tell, what, 0

    def __call__(self, n_done: int, n_users: int) -> None:
        """Take note of the users that are done."""
        step = n_done * STEPS // max(n_users, 1)
        if step > self.told:
            self.told = step
            self.tell(f"{self.what}: {n_done:,} of {n_users:,} users")

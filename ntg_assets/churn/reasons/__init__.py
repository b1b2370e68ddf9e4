"""Why a user may leave, in words: what moves a score, what is known, what is told of it."""

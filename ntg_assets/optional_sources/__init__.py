"""Everything configured beside the interaction log: read once, judged first,
isolated where it is used.
"""

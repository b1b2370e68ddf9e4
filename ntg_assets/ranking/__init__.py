"""What to show: candidates, a learned blend of scores, lists with reasons,
and how good they are.
"""

"""The audit that re-makes: would anything made before an instant differ, had the future been
another one?
"""

"""A made-up world with planted truth: events of any size whose causes are known,
for tests and benchmarks.
"""

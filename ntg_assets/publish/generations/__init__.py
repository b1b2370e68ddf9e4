"""Generations as folders: written aside, made current by one link, kept aside, compared, taken
back. What is in one is the business of the package above.
"""

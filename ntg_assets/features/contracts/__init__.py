"""Contracts of the features, by what they describe; what they say of each column is also the
feature manifest.
"""

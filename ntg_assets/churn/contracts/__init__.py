"""Contracts of churn, by what they are about."""

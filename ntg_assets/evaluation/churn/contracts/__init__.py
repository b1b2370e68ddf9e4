"""Contracts of the evidence about churn and the radar, by what they are about."""

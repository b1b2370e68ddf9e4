"""The hazard of contracts: snapshots, columns, competing risks, and their forecasts of the past."""

"""The cluster, through Spark Connect: one thin client for Spark, Databricks and Sail."""

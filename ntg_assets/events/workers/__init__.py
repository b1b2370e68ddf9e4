"""The log read by workers of a cluster: each a file at a time, by the one reader."""

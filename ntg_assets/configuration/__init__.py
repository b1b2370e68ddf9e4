"""Every section of the configuration, typed and closed to unknown keys, and its one reader."""

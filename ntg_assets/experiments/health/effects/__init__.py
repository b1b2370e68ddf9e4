"""Questions about what the arms did, before and after."""

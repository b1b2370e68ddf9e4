"""Who lives in a synthetic world: people, their activity and beliefs, and the trial among them."""

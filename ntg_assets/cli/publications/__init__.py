"""What was published: which generation is current, what differs between two, who is forgotten."""

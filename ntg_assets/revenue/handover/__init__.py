"""The CRM's hand-over: what it is to do tonight, one row per person, and what it did, read back."""

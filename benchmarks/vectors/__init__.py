"""Answers to outside test vectors, registered by the fields that they need."""

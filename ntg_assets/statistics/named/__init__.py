"""Tests, effect sizes and rules of thumb that have names; no decision rests on them."""

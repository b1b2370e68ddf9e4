"""How good lists and candidates would have been on behaviour that none of them has seen."""

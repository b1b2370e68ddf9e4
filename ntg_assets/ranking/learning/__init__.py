"""The weights of the blend, learned inside TRAIN on an inner cut."""

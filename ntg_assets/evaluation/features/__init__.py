"""Whether tonight's features look like those of the publication before."""

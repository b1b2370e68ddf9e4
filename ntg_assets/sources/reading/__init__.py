"""How the rows of all files of a source are read, converted and judged in one piece of SQL."""

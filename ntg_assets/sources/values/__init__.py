"""How a text or number of a file becomes a value of a table: ids, numbers, times."""

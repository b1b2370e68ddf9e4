"""What comes from outside: files and how they are written, the log, attributes, what is fetched."""

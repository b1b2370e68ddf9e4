"""The one door for files from outside: every row is accounted for."""

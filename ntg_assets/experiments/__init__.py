"""Did it help: assignment, exposure, statistics, and a decision by written rules."""

"""Files that no reader takes as they are, written once more in a form that it does."""

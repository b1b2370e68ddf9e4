"""May tonight's results be shown: the leak audit and the release gate."""

"""May tonight's results be shown: the evidence of the back-test and the gate."""

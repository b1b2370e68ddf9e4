"""Who is about to leave: labels from closed windows, a logistic model, its calibration."""

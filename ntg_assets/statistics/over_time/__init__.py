"""Whether an effect lasts: sums by days since the exposure, trends of them, hazards."""

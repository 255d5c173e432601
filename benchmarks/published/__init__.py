"""Times that others measured and published, beside what labkit predicts for them."""

"""Ways to on-call."""

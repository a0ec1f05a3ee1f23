"""Use cases of data that models learn from."""

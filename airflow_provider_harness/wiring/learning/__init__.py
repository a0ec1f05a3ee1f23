"""Data for models put together."""

"""The watch put together."""

"""Watching a table that nobody of ours writes: how a slice is measured, and what is usual for it."""

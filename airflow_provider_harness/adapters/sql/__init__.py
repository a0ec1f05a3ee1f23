"""Checks as SQL, for every engine that speaks it."""

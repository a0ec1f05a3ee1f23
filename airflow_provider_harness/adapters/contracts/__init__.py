"""Contracts as people write them: read, checked as a whole, compiled."""

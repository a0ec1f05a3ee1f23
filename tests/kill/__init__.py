"""Movements that are killed with -9 at random moments, and what readers see all the while."""

"""Incidents as pages show them: rows of a list, and everything of one."""

"""Incidents, from the first failure to a verified outcome, and their audit."""

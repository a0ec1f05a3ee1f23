"""Promotion of a table to a higher level of readiness: what a proposal must keep, and how it is graded."""

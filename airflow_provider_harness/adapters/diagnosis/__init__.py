"""Diagnoses from tables alone: rules, runbook, and when the model is asked."""

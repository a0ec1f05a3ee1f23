"""Diagnoses from tables alone: rules, runbook, resemblance, and when the model is asked."""

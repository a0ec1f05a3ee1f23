"""Causes, and the evidence for them."""

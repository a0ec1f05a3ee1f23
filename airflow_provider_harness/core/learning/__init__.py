"""Data that models learn from and retrieve, and the models themselves."""

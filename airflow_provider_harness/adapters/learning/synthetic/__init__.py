"""Synthetic rows: a Gaussian copula, how near its rows are to real ones, and the report with its plots."""

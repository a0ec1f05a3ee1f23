"""The sandbox of a promotion in PostgreSQL, the proposal by rules, and the files that a person gets."""

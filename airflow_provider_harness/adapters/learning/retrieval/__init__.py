"""Documents read, embedded and kept as vectors."""

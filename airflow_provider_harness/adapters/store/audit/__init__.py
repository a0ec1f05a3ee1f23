"""The audit: the chain of events, the rows that it holds, its keys, and what leaves it."""

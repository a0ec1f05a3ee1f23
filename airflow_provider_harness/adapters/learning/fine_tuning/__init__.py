"""Sets of examples on disk: the spool, near-duplicates, tokens, and the files of a set."""

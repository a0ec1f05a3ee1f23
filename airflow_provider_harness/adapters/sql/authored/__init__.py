"""SQL that a contract or a Dag brings: understood first, then run as a reader."""

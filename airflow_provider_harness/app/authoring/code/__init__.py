"""A Dag file read as code, never run."""

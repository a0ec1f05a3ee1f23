"""Authors' commands put together: what is wrong with a Dag, and what it does."""
